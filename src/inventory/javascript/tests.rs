use crate::inventory::{Context, File, import, undeclared_locality};
use crate::model::DataKinds;
use crate::model::data::Locality;
use crate::model::inventory::{FileInventory, State, Verdict};
use crate::services::Services;

fn read_as(name: &str, code: &str) -> Option<FileInventory> {
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    import(&File::new(name, code.as_bytes()), &context)
}

/// The verdict, and what active operations send to places that are not local.
fn told(code: &str) -> String {
    let Some(found) = read_as("tool.ts", code) else { return "none".to_owned() };
    let away = found.operations.iter().filter(|o| o.state == State::Active && o.locality != Locality::Local);
    let sends = away.fold(DataKinds::NONE, |all, o| all.union(o.sends));
    format!("{} {sends}", found.verdict.name())
}

#[test]
fn clients_by_default_name_and_require() {
    assert_eq!(
        told(
            "import OpenAI from 'openai';\nconst c = new OpenAI();\nawait c.images.generate({ prompt: 'x' });\n"
        ),
        "remote prompt"
    );
    assert_eq!(
        told("import { OpenAI as O } from 'openai';\nnew O().images.edit({ image: f, prompt: 'x' });\n"),
        "remote prompt+image"
    );
    assert_eq!(
        told(
            "const Replicate = require('replicate');\nconst r = new Replicate({ auth: k });\nr.run('m', { input: { prompt: 'x' } });\n"
        ),
        "remote prompt"
    );
    assert_eq!(
        told(
            "const { default: Replicate } = await import('replicate');\nnew Replicate().run('m', { input: { prompt, image } });\n"
        ),
        "remote prompt+image"
    );
    assert_eq!(told("import type OpenAI from 'openai';\nfetch('/api/x');\n"), "none");
    assert_eq!(told("import OpenAI from 'openai';\n"), "remote-capable none");
}

#[test]
fn addresses_of_clients() {
    let at = |base: &str| {
        told(&format!(
            "import OpenAI from 'openai';\nconst c = new OpenAI({{ baseURL: {base} }});\nc.images.generate({{ prompt: 'x' }});\n"
        ))
    };
    assert_eq!(at("'http://localhost:1/v1'"), "local none");
    assert_eq!(at("undefined"), "remote prompt");
    assert_eq!(at("process.env.BASE"), "remote prompt");
    assert_eq!(at("process.env.BASE ?? 'http://localhost:1/v1'"), "undetermined prompt");
    assert_eq!(at("process.env['BASE'] || 'https://api.openai.com/v1'"), "remote prompt");
    assert_eq!(at("import.meta.env.VITE_BASE!"), "remote prompt");
    assert_eq!(at("`http://${host}:8000/v1`"), "undetermined prompt");
    assert_eq!(at("config.base"), "undetermined prompt");
}

#[test]
fn fal_through_a_proxy_of_its_own_is_fal() {
    let code = "import { fal } from '@fal-ai/client';\nfal.config({ proxyUrl: '/api/fal/proxy' });\n\
        await fal.subscribe('fal-ai/flux', { input: { prompt, image_url: url } });\nawait fal.storage.upload(file);\n";
    assert_eq!(told(code), "remote prompt+image");
    assert_eq!(read_as("x.jsx", code).unwrap().operations.len(), 2);
    assert_eq!(
        told("import * as fal from '@fal-ai/serverless-client';\nfal.run('m', { input: { prompt } });\n"),
        "remote prompt"
    );
}

#[test]
fn fetch_and_axios() {
    assert_eq!(
        told(
            "fetch('https://api.replicate.com/v1/predictions', { method: 'POST', body: JSON.stringify({ input: { prompt, image: u } }) });\n"
        ),
        "remote prompt+image"
    );
    assert_eq!(
        told("await fetch(`http://127.0.0.1:7860/sdapi/v1/txt2img`, { method: 'POST', body });\n"),
        "local none"
    );
    assert_eq!(
        told(
            "const form = new FormData();\nform.append('prompt', p);\nform.append('image', file);\nfetch('https://api.stability.ai/v2beta/stable-image/edit/inpaint', { method: 'POST', body: form });\n"
        ),
        "remote prompt+image"
    );
    assert_eq!(
        told(
            "fetch(`${process.env.SD_URL}/sdapi/v1/txt2img`, { method: 'POST', body: JSON.stringify({ prompt }) });\n"
        ),
        "undetermined prompt"
    );
    assert_eq!(told("fetch('https://huggingface.co/o/m/resolve/main/x.onnx');\n"), "fetch-only none");
    assert_eq!(
        told("import axios from 'axios';\naxios.post('https://api.bfl.ai/v1/flux-dev', { prompt: 'x' });\n"),
        "remote prompt"
    );
    assert_eq!(
        told(
            "import axios from 'axios';\nconst api = axios.create({ baseURL: 'https://api.bfl.ai' });\napi.post('/v1/flux-dev', { prompt: 'x' });\n"
        ),
        "remote prompt"
    );
    assert_eq!(
        told(
            "import axios from 'axios';\naxios({ method: 'post', url: 'https://api.bfl.ai/v1/flux-dev', data: { prompt: 'x' } });\n"
        ),
        "remote prompt"
    );
    assert_eq!(told("const ws = new WebSocket('ws://127.0.0.1:8188/ws');\n"), "local none");
    assert_eq!(
        told("const app = express();\napp.post('/v1/images/generations', (req, res) => fetch('/x'));\n"),
        "none"
    );
}

#[test]
fn requests_and_addresses_that_are_made_before() {
    let made = "const r = new Request('https://api.bfl.ai/v1/flux-dev', { method: 'POST', body: JSON.stringify({ prompt }) });\nfetch(r);\n";
    assert_eq!(told(made), "remote prompt");
    assert_eq!(read_as("a.js", made).unwrap().operations.len(), 1);
    let joined = "const u = new URL('/v1/flux-dev', 'https://api.bfl.ai');\nfetch(u.href, { method: 'POST', body: JSON.stringify({ prompt }) });\n";
    assert_eq!(told(joined), "remote prompt");
}

#[test]
fn a_function_of_the_file_passes_its_address_on() {
    let code = "async function call(url: string, body: unknown) {\n  return fetch(url, { method: 'POST', body: JSON.stringify(body) });\n}\n\
        call('https://api.bfl.ai/v1/flux-dev', { prompt: 'x' });\n";
    assert_eq!(told(code), "remote prompt");
    let class = "import OpenAI from 'openai';\nclass P {\n  private client = new OpenAI({ baseURL: 'http://localhost:1' });\n  draw() { return this.client.images.generate({ prompt: 'x' }); }\n}\n";
    assert_eq!(told(class), "local none");
}

#[test]
fn the_model_of_the_ai_package_decides() {
    let code = |import: &str, model: &str| {
        told(&format!(
            "import {{ experimental_generateImage as generateImage }} from 'ai';\nimport {{ {import} }} from '@ai-sdk/openai';\nawait generateImage({{ model: {model}, prompt }});\n"
        ))
    };
    assert_eq!(code("openai", "openai.image('dall-e-3')"), "remote prompt");
    assert_eq!(
        code("createOpenAI", "createOpenAI({ baseURL: 'http://localhost:1/v1' }).image('x')"),
        "local none"
    );
    assert_eq!(code("openai", "models.picture"), "undetermined prompt");
}

#[test]
fn commands_decide_for_aws() {
    let s3 = |command: &str| {
        told(&format!(
            "import {{ S3Client, {command} }} from '@aws-sdk/client-s3';\nconst c = new S3Client({{ region: 'eu-west-1' }});\nawait c.send(new {command}({{ Bucket: b }}));\n"
        ))
    };
    assert_eq!(s3("PutObjectCommand"), "remote other");
    assert_eq!(s3("GetObjectCommand"), "fetch-only none");
    let bedrock = "import { BedrockRuntimeClient, InvokeModelCommand } from '@aws-sdk/client-bedrock-runtime';\nconst c = new BedrockRuntimeClient({ region: 'us-east-1' });\nc.send(new InvokeModelCommand({ body }));\n";
    assert_eq!(told(bedrock), "remote prompt");
}

#[test]
fn components_are_read_on_their_own_lines() {
    let code = "<template>\n  <b>fetch('https://api.bfl.ai/v1/x')</b>\n</template>\n<script setup lang=\"ts\">\nimport OpenAI from 'openai'\nnew OpenAI().images.generate({ prompt: 'x' })\n</script>\n";
    let found = read_as("Draw.vue", code).unwrap();
    assert_eq!(found.operations.len(), 1, "{:#?}", found.operations);
    assert_eq!(found.operations[0].place.line, Some(6));
}

#[test]
fn damaged_and_hostile_files_are_never_local() {
    let cut = "import OpenAI from 'openai';\nconst c = new OpenAI({ baseURL: 'http://localhost:1' });\nc.images.generate({ prompt: 'x' \n} } )) class {";
    assert_eq!(read_as("a.js", cut).unwrap().verdict, Verdict::Undetermined);
    for (open, close) in
        [("(", ")"), ("[", "]"), ("f(", ")"), ("{a:", "}"), ("() => ", ""), ("!", ""), ("`${", "}`")]
    {
        let deep = format!(
            "import 'openai';import OpenAI from 'openai';\nx = {}1{};\n",
            open.repeat(20_000),
            close.repeat(20_000)
        );
        let found = read_as("a.js", &deep).unwrap();
        assert!(matches!(found.verdict, Verdict::Undetermined), "{open}");
    }
    let chain = format!("import OpenAI from 'openai';\n{}{{}}\n", "if (a) {} else ".repeat(5_000));
    let _ = read_as("a.js", &chain);
    let unclosed = format!("<script>import OpenAI from 'openai';{}", "<script".repeat(1000));
    let _ = read_as("a.vue", &unclosed);
}

#[test]
fn commands_and_packages_of_the_services_list() {
    let run =
        |call: &str| told(&format!("const {{ execSync, spawn }} = require('child_process');\n{call}\n"));
    assert_eq!(
        run("execSync('curl -F image=@in.png https://api.openai.com/v1/images/edits')"),
        "remote prompt+image+mask"
    );
    assert_eq!(
        run("spawn('cloudflared', ['tunnel', '--url', 'http://localhost:7860'], { stdio: 'inherit' })"),
        "remote prompt+image"
    );
    assert_eq!(run("execSync('git status')"), "none");
    assert_eq!(told("import Groq from 'groq-sdk';\n"), "remote-capable none");
    assert_eq!(told("import x from './groq-sdk';\n"), "none");
}

#[test]
fn what_another_file_calls_and_what_is_started_count() {
    let made = "import axios from 'axios';\nexport const api = axios.create({ baseURL: 'https://gen.example.org' });\n";
    assert_eq!(told(made), "undetermined other");
    assert_eq!(told(&made.replace("https://gen.example.org", "http://127.0.0.1:8188")), "none");
    assert_eq!(told(&made.replace("https://gen.example.org", "/api")), "none");
    let shared = "import { openai } from '@/lib/openai';\nexport const f = (prompt) => openai.images.generate({ prompt });\n";
    assert_eq!(told(shared), "undetermined prompt");
    let started =
        "const { execSync } = require('node:child_process');\nexecSync('npx localtunnel --port 8188');\n";
    assert_eq!(told(started), "remote prompt+image");
    let words = "import { spawn } from 'child_process';\nspawn('cloudflared', ['tunnel', '--url', 'http://localhost:8188']);\n";
    assert_eq!(told(words), "remote prompt+image");
}
