use crate::inventory::{Context, File, import, undeclared_locality};
use crate::model::DataKinds;
use crate::model::data::{Certainty, Locality};
use crate::model::inventory::{AssetKind, FileInventory, State, Verdict};
use crate::services::Services;

fn read(code: &str) -> Option<FileInventory> {
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    import(&File::new("tool.py", code.as_bytes()), &context)
}

/// The verdict, and what active operations send to places that are not local.
fn told(code: &str) -> String {
    let Some(found) = read(code) else { return "none".to_owned() };
    let away = found.operations.iter().filter(|o| o.state == State::Active && o.locality != Locality::Local);
    let sends = away.fold(DataKinds::NONE, |all, o| all.union(o.sends));
    format!("{} {sends}", found.verdict.name())
}

/// The only operation.
fn only(code: &str) -> crate::model::inventory::Operation {
    let found = read(code).unwrap();
    assert_eq!(found.operations.len(), 1, "{:#?}", found.operations);
    found.operations.into_iter().next().unwrap()
}

fn asset(code: &str, kind: AssetKind) -> Vec<(String, State)> {
    let assets = read(code).map(|f| f.assets).unwrap_or_default();
    assets.into_iter().filter(|a| a.kind == kind).map(|a| (a.name, a.state)).collect()
}

const OPENAI: &str = "from openai import OpenAI\n";
const GENERATE: &str = "client.images.generate(prompt='x')\n";

#[test]
fn a_client_goes_to_its_vendor_unless_an_address_is_given() {
    let client = |arguments: &str| told(&format!("{OPENAI}client = OpenAI({arguments})\n{GENERATE}"));
    assert_eq!(client(""), "remote prompt");
    assert_eq!(client("base_url=None"), "remote prompt");
    assert_eq!(client("base_url=''"), "remote prompt");
    assert_eq!(client("base_url='http://localhost:8080/v1'"), "local none");
    assert_eq!(client("base_url='http://10.1.2.3/v1'"), "undetermined prompt");
    assert_eq!(client("base_url='https://api.together.xyz/v1'"), "remote prompt");
}

#[test]
fn variables_with_and_without_defaults() {
    let at = |value: &str| only(&format!("import os\n{OPENAI}client = OpenAI(base_url={value})\n{GENERATE}"));
    let local = at("os.environ.get('BASE', 'http://localhost:8080/v1')");
    assert_eq!((local.locality, local.certainty), (Locality::Undetermined, Certainty::Undetermined));
    let spelled = local.spelled.unwrap();
    assert_eq!(spelled.variables, ["BASE"]);
    assert_eq!(spelled.address.as_deref(), Some("http://localhost:8080"));
    assert_eq!(at("os.getenv('BASE') or 'http://localhost:8080/v1'").locality, Locality::Undetermined);
    let vendor = at("os.getenv('BASE')");
    assert_eq!((vendor.locality, vendor.certainty), (Locality::Remote, Certainty::Implied));
    assert_eq!(at("os.environ['BASE']").locality, Locality::Undetermined);
    assert_eq!(at("os.environ['BASE']").spelled.unwrap().variables, ["BASE"]);
    assert_eq!(at("settings.BASE").locality, Locality::Undetermined);
}

#[test]
fn a_variable_set_in_the_file_needs_no_other() {
    let code = format!(
        "import os\nos.environ['OPENAI_BASE_URL'] = 'http://localhost:1/v1'\n{OPENAI}client = OpenAI()\n{GENERATE}"
    );
    assert_eq!(told(&code), "local none");
    let setting = read(&code).unwrap().settings.into_iter().next().unwrap();
    assert_eq!((setting.name.as_str(), setting.certainty), ("OPENAI_BASE_URL", Certainty::Possible));
    let secret = read("import os, openai\nos.environ['OPENAI_API_KEY'] = 'sk-CANARY'\n").unwrap();
    assert_eq!(secret.settings.first().unwrap().value, None);
}

#[test]
fn options_and_arguments_decide_what_they_are_given_to() {
    let code = "import argparse\nfrom openai import OpenAI\np = argparse.ArgumentParser()\n\
        p.add_argument('--base-url', default='http://localhost:8080/v1')\nargs = p.parse_args()\n\
        client = OpenAI(base_url=args.base_url)\nclient.images.generate(prompt='x')\n";
    let operation = only(code);
    assert_eq!(operation.locality, Locality::Undetermined);
    assert!(operation.because.contains("`--base-url` decides"), "{}", operation.because);
    let code =
        "from openai import OpenAI\ndef draw(url):\n    OpenAI(base_url=url).images.generate(prompt='x')\n";
    assert_eq!(told(code), "undetermined prompt");
    assert_eq!(told(&format!("{code}draw('http://127.0.0.1:1/v1')\n")), "local none");
    assert_eq!(
        told(&format!("{code}draw('http://127.0.0.1:1/v1')\ndraw('https://api.openai.com/v1')\n")),
        "remote prompt"
    );
}

#[test]
fn a_class_keeps_its_client() {
    let code = "from openai import OpenAI\nclass Painter:\n    URL = 'http://127.0.0.1:9/v1'\n    def __init__(self):\n        \
        self.client = OpenAI(base_url=self.URL)\n    def draw(self):\n        return self.client.images.generate(prompt='x')\n";
    assert_eq!(told(code), "local none");
    assert_eq!(told(&code.replace("base_url=self.URL", "")), "remote prompt");
    let handed = "from openai import OpenAI\ndef make():\n    return OpenAI()\nmake().images.edit(image=f, prompt='x')\n";
    assert_eq!(told(handed), "remote prompt+image");
}

#[test]
fn an_import_without_a_call_is_capable() {
    let code = "import replicate\n";
    assert_eq!(read(code).unwrap().verdict, Verdict::RemoteCapable);
    assert_eq!(asset(code, AssetKind::Package), [("replicate".to_owned(), State::Active)]);
    assert_eq!(
        read(&format!("{OPENAI}client = OpenAI(base_url='http://localhost:1')\n")).unwrap().verdict,
        Verdict::Local
    );
    assert_eq!(
        told("from huggingface_hub import hf_hub_download\nhf_hub_download('org/x', 'y')\n"),
        "fetch-only none"
    );
    assert_eq!(
        read("from huggingface_hub import InferenceClient\n").unwrap().verdict,
        Verdict::RemoteCapable
    );
    assert_eq!(read("if TYPE_CHECKING:\n    import openai\nimport os\n").map(|f| f.verdict), None);
}

#[test]
fn aliases_and_functions_handed_over_are_calls() {
    assert_eq!(
        told("import replicate as r\nrun = r.run\nrun('o/m', input={'prompt': p})\n"),
        "remote prompt"
    );
    assert_eq!(
        told(
            "import replicate\nfrom nicegui import run\nrun.io_bound(replicate.run, 'o/m', input={'prompt': p})\n"
        ),
        "remote prompt"
    );
    assert_eq!(
        told(
            "import functools, fal_client\ngo = functools.partial(fal_client.subscribe, 'm', arguments={'prompt': 'x', 'image_url': u})\n"
        ),
        "remote prompt+image"
    );
    assert_eq!(told("from replicate import *\nrun('o/m', input={'prompt': 'x'})\n"), "remote prompt");
}

#[test]
fn what_is_sent_is_what_is_in_the_arguments() {
    let run = |input: &str| told(&format!("import replicate\n{input}\n"));
    assert_eq!(run("replicate.run('m', input={'prompt': 'x'})"), "remote prompt");
    assert_eq!(
        run("replicate.run('m', input={'prompt': 'x', 'init_image': open('a.png', 'rb')})"),
        "remote prompt+image"
    );
    assert_eq!(
        run("replicate.run('m', input={'prompt': 'x', 'file': open('a.png', 'rb')})"),
        "remote prompt+image"
    );
    assert_eq!(run("p = {'prompt': 'x'}\np['mask'] = m\nreplicate.run('m', input=p)"), "remote prompt+mask");
    assert_eq!(
        run("replicate.run('m', input={'prompt': 'x', 'mask': None, 'num_images': 2})"),
        "remote prompt"
    );
    assert_eq!(run("def f(p):\n    replicate.run('m', input=p)"), "remote prompt+image+mask");
}

#[test]
fn comments_docstrings_routes_and_dead_code_do_not_count() {
    assert_eq!(
        told(
            "'''OpenAI() https://api.openai.com/v1'''\n# client = OpenAI()\nfrom diffusers import X\nX.from_pretrained('./m')\n"
        ),
        "local none"
    );
    assert_eq!(
        told(
            "from fastapi import FastAPI\nimport diffusers\napp = FastAPI()\n@app.post('/v1/images/generations')\ndef f(): pass\n"
        ),
        "local none"
    );
    assert_eq!(
        told("import replicate\nif False:\n    replicate.run('m', input={})\n"),
        "remote-capable none"
    );
    assert_eq!(
        told("import replicate\ndef f():\n    return 1\n    replicate.run('m', input={})\n"),
        "remote-capable none"
    );
}

#[test]
fn requests_go_where_their_address_says() {
    let post = |rest: &str| told(&format!("import os\nimport requests\n{rest}\n"));
    assert_eq!(
        post("requests.post('http://127.0.0.1:7860/sdapi/v1/txt2img', json={'prompt': 'x'})"),
        "local none"
    );
    assert_eq!(
        post("requests.post('http://10.20.0.7:7860/sdapi/v1/txt2img', json={'prompt': 'x'})"),
        "undetermined prompt"
    );
    assert_eq!(
        post(
            "H = 'https://api.stability.ai'\nrequests.post(f'{H}/v2beta/stable-image/generate/core', data={'prompt': 'x'}, files={'none': ''})"
        ),
        "remote prompt"
    );
    assert_eq!(
        post("requests.post('https://api.stability.ai/v2beta/stable-image/generate/core', data=d)"),
        "remote prompt+image+mask"
    );
    assert_eq!(
        post("requests.post(f\"{os.environ['BASE']}/sdapi/v1/img2img\", json=p)"),
        "undetermined prompt+image+mask"
    );
    assert_eq!(post("requests.get('https://huggingface.co/o/m/resolve/main/x.bin')"), "fetch-only none");
    assert_eq!(post("requests.post('https://intake.example.com/x', json={'prompt': 'x'})"), "remote prompt");
    assert_eq!(post("requests.post('https://intake.example.com/x', json={'status': 'x'})"), "remote other");
    assert_eq!(
        post(
            "s = requests.Session()\ns.request('POST', 'https://api.bfl.ai/v1/flux-pro-1.1', json={'prompt': 'x'})"
        ),
        "remote prompt"
    );
    assert_eq!(
        post(
            "from urllib.parse import urljoin\nrequests.post(urljoin('https://api.bfl.ai/x/', '/v1/flux-dev'), json={'prompt': 'x'})"
        ),
        "remote prompt"
    );
    assert_eq!(
        post(
            "requests.post('https://%s.openai.azure.com/openai/v1/images/generations' % name, json={'prompt': 'x'})"
        ),
        "remote prompt"
    );
}

#[test]
fn requests_of_other_libraries() {
    assert_eq!(
        told(
            "from urllib import request\nreq = request.Request('http://127.0.0.1:8188/prompt', data=d)\nrequest.urlopen(req)\n"
        ),
        "local none"
    );
    assert_eq!(
        told(
            "import urllib.request\nreq = urllib.request.Request('https://api.stability.ai/v1/generation/x', data=d)\nurllib.request.urlopen(req)\n"
        ),
        "remote prompt+image+mask"
    );
    assert_eq!(
        told(
            "import httpx\nc = httpx.Client(base_url='https://api.replicate.com/v1')\nc.post('/predictions', json={'input': {'prompt': 'x'}})\n"
        ),
        "remote prompt"
    );
    assert_eq!(
        told(
            "import aiohttp\nasync def f():\n    async with aiohttp.ClientSession() as s:\n        async with s.post('https://queue.fal.run/fal-ai/flux', json={'prompt': 'x'}) as r:\n            pass\n"
        ),
        "remote prompt"
    );
    assert_eq!(
        told(
            "class A:\n    def f(self):\n        self.session.post('https://api.bfl.ai/v1/flux-dev', json={'prompt': 'x'})\n"
        ),
        "remote prompt"
    );
}

#[test]
fn an_address_in_the_code_that_no_call_uses_is_not_local() {
    assert_eq!(
        told("import os\nENDPOINT = 'https://api.bfl.ai/v1/flux-dev'\n"),
        "undetermined prompt+image+mask"
    );
    assert_eq!(told("URL = 'https://docs.python.org/3/'\n"), "none");
}

#[test]
fn downloads() {
    let load = |rest: &str| told(&format!("import os\n{rest}\n"));
    let from = "from diffusers import FluxPipeline\n";
    assert_eq!(load(&format!("{from}FluxPipeline.from_pretrained('org/m')")), "fetch-only none");
    assert_eq!(load(&format!("{from}FluxPipeline.from_pretrained('/models/m')")), "local none");
    assert_eq!(load(&format!("{from}FluxPipeline.from_pretrained(os.path.join(HERE, 'm'))")), "local none");
    assert_eq!(
        load(&format!("{from}FluxPipeline.from_pretrained('org/m', local_files_only=True)")),
        "local none"
    );
    assert_eq!(
        load(&format!("{from}p = FluxPipeline.from_pretrained('./m')\np.load_lora_weights('org/l')")),
        "fetch-only none"
    );
    assert_eq!(
        load(&format!("os.environ['HF_HUB_OFFLINE'] = '1'\n{from}FluxPipeline.from_pretrained('org/m')")),
        "local none"
    );
    let late = format!("{from}os.environ['HF_HUB_OFFLINE'] = '1'\nFluxPipeline.from_pretrained('org/m')");
    assert_eq!(load(&late), "fetch-only none");
    assert_eq!(
        asset(&format!("import os\n{late}\n"), AssetKind::Guard),
        [("HF_HUB_OFFLINE".to_owned(), State::Inactive)]
    );
    assert_eq!(
        load(
            "from vertexai.preview.vision_models import ImageGenerationModel\nm = ImageGenerationModel.from_pretrained('imagen')\nm.generate_images(prompt='x')"
        ),
        "remote prompt"
    );
}

#[test]
fn regions_and_routers_are_told() {
    let vertex = only(
        "from google import genai\nc = genai.Client(vertexai=True, location='europe-west4')\nc.models.generate_images(prompt='x')\n",
    );
    assert_eq!(vertex.service.as_deref(), Some("google-vertex"));
    assert!(vertex.because.contains("`europe-west4` (NL)"), "{}", vertex.because);
    let gemini =
        only("from google import genai\nc = genai.Client()\nc.aio.models.generate_content(contents=['x'])\n");
    assert_eq!(gemini.service.as_deref(), Some("google-gemini"));
    let bedrock = only(
        "import boto3\ns = boto3.Session(region_name='eu-central-1')\nc = s.client('bedrock-runtime')\nc.invoke_model(body=json.dumps({'prompt': 'x'}))\n",
    );
    assert_eq!(bedrock.service.as_deref(), Some("aws-bedrock"));
    assert!(bedrock.because.contains("`eu-central-1` (DE)"), "{}", bedrock.because);
    let router = only(
        "from huggingface_hub import InferenceClient\nc = InferenceClient(provider='replicate')\nc.image_to_image(f, prompt='x')\n",
    );
    assert_eq!(router.route, ["huggingface-inference", "replicate"]);
    assert_eq!(router.sends.to_string(), "prompt+image");
    assert_eq!(
        told(
            "from huggingface_hub import InferenceClient\nInferenceClient(model='http://127.0.0.1:8080').text_to_image('x')\n"
        ),
        "local none"
    );
    let azure = only(
        "from openai import AzureOpenAI\nc = AzureOpenAI(azure_endpoint=f'https://{n}.openai.azure.com')\nc.images.generate(prompt='x')\n",
    );
    assert_eq!(azure.service.as_deref(), Some("azure-openai"));
}

#[test]
fn the_name_of_a_model_may_decide() {
    let call =
        |model: &str| only(&format!("import litellm\nlitellm.image_generation(model={model}, prompt='x')\n"));
    assert_eq!(call("'vertex_ai/imagen-4'").service.as_deref(), Some("google-vertex"));
    assert_eq!(call("'ollama/llama3'").locality, Locality::Local);
    assert_eq!(call("name").locality, Locality::Undetermined);
    assert_eq!(
        told("import ollama\nollama.Client(host='http://127.0.0.1:11434').chat(model='m', messages=[])\n"),
        "local none"
    );
    assert_eq!(
        told(
            "import ollama\nollama.Client(host='http://127.0.0.1:11434').chat(model='big-cloud', messages=[])\n"
        ),
        "remote prompt"
    );
    assert_eq!(told("import ollama\nollama.chat(model='m', messages=[])\n"), "undetermined prompt");
}

#[test]
fn storage_takes_uploads() {
    let put = "import boto3\nboto3.client('s3').upload_file('a.png', 'b', 'k')\n";
    assert_eq!(told(put), "remote other");
    assert_eq!(told(&put.replace("'s3'", "'s3', endpoint_url='http://127.0.0.1:9000'")), "local none");
    assert_eq!(
        told("import boto3\nboto3.resource('s3').Bucket('b').download_file('k', 'f')\n"),
        "fetch-only none"
    );
    assert_eq!(told("import boto3\nboto3.client('ec2')\n"), "remote-capable none");
}

/// The shapes of scripts that vendors publish as examples.
#[test]
fn examples_as_vendors_write_them() {
    let stream = "from openai import OpenAI\nclient = OpenAI()\ndef main() -> None:\n    stream = client.images.generate(prompt='x', stream=True)\n    \
        for event in stream:\n        print(event.type)\ntry:\n    main()\nexcept Exception as error:\n    print(error)\n";
    assert_eq!(told(stream), "remote prompt");
    let server = "import os\nfrom fastapi import FastAPI\nfrom diffusers.pipelines.x import StableDiffusion3Pipeline\napp = FastAPI()\n\
        class T:\n    def start(self):\n        path = os.getenv('MODEL_PATH', 'org/m')\n        self.p = StableDiffusion3Pipeline.from_pretrained(path).to('cuda')\n\
        @app.post('/v1/images/generations')\nasync def go(body):\n    return t.p(body.prompt)\n";
    assert_eq!(told(server), "fetch-only none");
    let router = "import os, requests\nURL = 'https://router.huggingface.co/hf-inference/models/o/m'\nhead = {'Authorization': f\"Bearer {os.environ['HF_TOKEN']}\"}\n\
        def query(payload):\n    answer = requests.post(URL, headers=head, json=payload)\n    return answer.content\nquery({'inputs': 'x'})\n";
    assert_eq!(told(router), "remote prompt");
    let comfy = "import json\nfrom urllib import request\ndef queue(prompt):\n    p = {'prompt': prompt}\n    data = json.dumps(p).encode('utf-8')\n    \
        request.urlopen(request.Request('http://127.0.0.1:8188/prompt', data=data))\n";
    assert_eq!(told(comfy), "local none");
    let typed = "from pydantic_settings import BaseSettings\nfrom openai import OpenAI\nclass Settings(BaseSettings):\n    image_url: str = 'http://localhost:1/v1'\n\
        settings = Settings()\nOpenAI(base_url=settings.image_url).images.generate(prompt='x')\n";
    assert_eq!(told(typed), "undetermined prompt");
    assert_eq!(only(typed).spelled.unwrap().variables, ["IMAGE_URL"]);
}

mod beside;

#[test]
fn commands_that_it_runs_are_read_as_command_lines() {
    let run = |call: &str| told(&format!("import os, sys, subprocess, asyncio\n{call}\n"));
    assert_eq!(run("os.system('curl -d @p https://api.openai.com/v1/images/generations')"), "remote prompt");
    assert_eq!(run("subprocess.run(['python', 'launch.py', '--share'])"), "remote prompt+image");
    assert_eq!(
        run("args = [sys.executable, 'launch.py']\nsubprocess.Popen(args + ['--share'], cwd='x')"),
        "remote prompt+image"
    );
    assert_eq!(
        run("subprocess.Popen('cloudflared tunnel --url http://localhost:7860', shell=True)"),
        "remote prompt+image"
    );
    assert_eq!(
        run("asyncio.create_subprocess_exec('python', 'launch.py', '--share')"),
        "remote prompt+image"
    );
    assert_eq!(run("subprocess.run(args='GRADIO_SHARE=1 python launch.py')"), "remote prompt+image");
    // A part that is decided elsewhere is no place, and not the vendor's.
    let open = run("url = os.environ['URL']\nos.system(f'curl -d @prompt.txt {url}/generate')");
    assert_eq!(open, "undetermined prompt");
    assert_eq!(run("os.environ['GRADIO_SHARE'] = 'True'"), "remote prompt+image");
    assert_eq!(run("os.environ['GRADIO_SHARE'] = 'False'"), "no-evidence none");
    assert_eq!(run("os.environ['LD'] = 'x'\nsubprocess.run(cmd)"), "no-evidence none");
    for harmless in ["os.system('ls')", "subprocess.run(['git', 'status'])", "subprocess.run(cmd)"] {
        assert_eq!(run(harmless), "none", "{harmless}");
    }
    let found = read("import subprocess\n\nsubprocess.check_call(['pip', 'install', 'openai'])\n").unwrap();
    assert_eq!((found.verdict, found.operations[0].place.line), (Verdict::RemoteCapable, Some(3)));
}

#[test]
fn packages_of_the_services_list_are_known_without_their_calls() {
    assert_eq!(told("import cerebrium\ncerebrium.run()\n"), "remote-capable none");
    assert_eq!(told("from novelai_api import NovelAIAPI\n"), "remote-capable none");
    assert_eq!(told("from pyngrok import ngrok\nngrok.connect(7860)\n"), "remote prompt+image");
    assert_eq!(told("from .cerebrium import run\n"), "none");
    assert_eq!(told("import cerebriumx\n"), "none");
}
