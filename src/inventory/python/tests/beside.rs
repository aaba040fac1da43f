//! What stands beside the operations: pages, usage data, remote code, keys; and hostile files.

use super::{GENERATE, OPENAI, asset, read, told};
use crate::inventory::{Context, File, import, undeclared_locality};
use crate::model::inventory::{AssetKind, State, Verdict};
use crate::services::Services;

#[test]
fn pages_that_others_reach() {
    let share = |arguments: &str| {
        told(&format!("import gradio as gr\nwith gr.Blocks() as demo:\n    pass\ndemo.launch({arguments})\n"))
    };
    assert_eq!(share("share=True"), "remote prompt+image");
    assert_eq!(share("share=False"), "local none");
    assert_eq!(share(""), "local none");
    assert_eq!(told("from app import demo\ndemo.launch(share=True)\n"), "remote prompt+image");
    let option = "import argparse\nimport gradio as gr\np = argparse.ArgumentParser()\np.add_argument('--share', action='store_true')\n\
        args = p.parse_args()\ngr.Interface(f).launch(share=args.share)\n";
    assert_eq!(told(option), "inactive none");
    let listen =
        asset("import gradio as gr\ngr.Interface(f).launch(server_name='0.0.0.0')\n", AssetKind::Listener);
    assert_eq!(listen, [("0.0.0.0".to_owned(), State::Active)]);
    assert!(asset("import uvicorn\nuvicorn.run(app, host='127.0.0.1')\n", AssetKind::Listener).is_empty());
    assert_eq!(asset("import uvicorn\nuvicorn.run(app, host='::')\n", AssetKind::Listener).len(), 1);
}

#[test]
fn usage_data_is_on_until_it_is_switched_off() {
    let code = "import gradio as gr\ngr.Interface(f).launch()\n";
    assert_eq!(asset(code, AssetKind::Telemetry), [("gradio".to_owned(), State::Active)]);
    let off = format!("import os\nos.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'\n{code}");
    assert_eq!(asset(&off, AssetKind::Telemetry), [("gradio".to_owned(), State::Inactive)]);
    let argument = code.replace("(f)", "(f, analytics_enabled=False)");
    assert_eq!(asset(&argument, AssetKind::Telemetry), [("gradio".to_owned(), State::Inactive)]);
}

#[test]
fn remote_code_is_an_asset() {
    let code =
        "from transformers import AutoModel\nAutoModel.from_pretrained('o/m', trust_remote_code=True)\n";
    assert_eq!(asset(code, AssetKind::RemoteCode), [("trust_remote_code".to_owned(), State::Active)]);
    assert!(asset(&code.replace("True", "False"), AssetKind::RemoteCode).is_empty());
    assert_eq!(asset("import torch\ntorch.hub.load('o/r', 'm')\n", AssetKind::RemoteCode).len(), 1);
    assert_eq!(asset("import torch\ntorch.load(f, weights_only=False)\n", AssetKind::RemoteCode).len(), 1);
}

#[test]
fn a_key_in_the_code_is_told_without_its_value() {
    let code = format!("{OPENAI}client = OpenAI(api_key='sk-CANARY4fQ9aZ7wR2kLmX8')\n{GENERATE}");
    assert_eq!(asset(&code, AssetKind::Credential), [("openai api_key".to_owned(), State::Active)]);
    assert_eq!(
        asset(&code.replace("sk-CANARY4fQ9aZ7wR2kLmX8", "sk-no-key-required"), AssetKind::Credential),
        [("openai api_key".to_owned(), State::Inactive)]
    );
    let shown = crate::inventory::show::json(&[read(&code).unwrap()]);
    assert!(!shown.contains("CANARY"), "{shown}");
}

#[test]
fn damaged_and_hostile_files_are_never_local() {
    let cut = format!(
        "{OPENAI}client = OpenAI(base_url='http://localhost:1')\nclient.images.generate(prompt='x'\ndef (((\n"
    );
    let found = read(&cut).unwrap();
    assert_eq!(found.verdict, Verdict::Undetermined);
    assert!(found.notes.iter().any(|n| n.contains("could be parsed")), "{:?}", found.notes);
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    let latin = b"import diffusers\nx = '\xE9'\n";
    assert_eq!(import(&File::new("a.py", latin), &context).unwrap().verdict, Verdict::Undetermined);
    let large = format!("import openai\n{}", "#".repeat(5 << 20));
    assert_eq!(read(&large).unwrap().verdict, Verdict::Undetermined);
    for (open, close) in [("(", ")"), ("[", "]"), ("f(", ")"), ("{1:", "}"), ("lambda: ", ""), ("not ", "")] {
        let deep = format!("import openai\nx = {}1{}\n", open.repeat(20_000), close.repeat(20_000));
        assert_eq!(read(&deep).unwrap().verdict, Verdict::Undetermined, "{open}");
    }
    let blocks: String = (0..400).map(|n| format!("{}if x:\n", " ".repeat(n))).collect();
    let _ = read(&format!("import openai\n{blocks}{}pass\n", " ".repeat(400)));
    let chain = format!("import openai\nx = {}'a'\n", "'a' + ".repeat(30_000));
    assert_eq!(read(&chain).unwrap().verdict, Verdict::RemoteCapable);
    let knot = "import openai\na = b\nb = a\ndef f(x):\n    return f(x)\nopenai.OpenAI(base_url=f(a)).images.generate()\n";
    assert_eq!(told(knot), "undetermined prompt");
}

#[test]
fn maps_that_share_maps_are_bounded() {
    let mut code = "import replicate\nm0 = {'prompt': 'x'}\n".to_owned();
    for level in 1..12 {
        let keys: Vec<String> = (0..60).map(|k| format!("'k{k}': m{}", level - 1)).collect();
        code.push_str(&format!("m{level} = {{{}}}\n", keys.join(", ")));
    }
    code.push_str("replicate.run('m', input=m11)\n");
    assert_eq!(told(&code), "remote prompt+image+mask");
    let line = format!("import os; {}\n", "openai;".repeat(200_000));
    assert_eq!(told(&line), "none");
    let parts: String = (0..20_000).map(|n| format!("x.a{n} = 1\nx.f()\n")).collect();
    let found = read(&format!("import openai\nx = y\n{parts}")).unwrap();
    assert_eq!(found.verdict, Verdict::Undetermined);
    assert!(found.notes.iter().any(|n| n.starts_with("more to evaluate")), "{:?}", found.notes);
}

/// What is started is read as a script is; a list of words and a line are the same.
#[test]
fn command_lines_that_a_program_starts_are_read() {
    let tunnel =
        "import subprocess\nsubprocess.Popen(['cloudflared', 'tunnel', '--url', 'http://localhost:8188'])\n";
    assert_eq!(told(tunnel), "remote prompt+image");
    let line = "import os\ndef f(p):\n    os.system(f\"curl https://api.openai.com/v1/images/generations -d '{p}'\")\n";
    assert_eq!(told(line), "remote prompt");
    let share = "from subprocess import run\nrun('python launch.py --share', shell=True)\n";
    assert_eq!(told(share), "remote prompt+image");
    let here =
        "import subprocess\nsubprocess.run(['curl', '-d', '@wf.json', 'http://127.0.0.1:8188/prompt'])\n";
    assert_eq!(told(here), "local none");
    assert_eq!(told("import subprocess\nsubprocess.run(['git', 'status'])\n"), "none");
}

/// A client that another file makes goes where that file says; it is not passed over.
#[test]
fn a_method_that_only_one_interface_has_counts_without_its_client() {
    let wrapped = "from ours import client\ndef f(p):\n    return client().images.generate(prompt=p)\n";
    assert_eq!(told(wrapped), "undetermined prompt");
    let hidden = "import importlib\nm = importlib.import_module('openai')\nm.OpenAI().chat.completions.create(messages=[])\n";
    assert_eq!(told(hidden), "undetermined prompt");
    assert_eq!(told("from ours import pipe\npipe.generate(prompt='x')\n"), "none");
    assert_eq!(told("from pyngrok import ngrok\nngrok.connect(7860)\n"), "remote prompt+image");
}
