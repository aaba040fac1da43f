//! Manifests, deployments and gateways against what is true of them: the shared samples where they are
//! present, and folders of hand-made files, read as one tree, with the expected result beside them.

#![expect(clippy::print_stderr, reason = "a test says what it skipped")]

use domicile::inventory::{Context, File, import, reconcile, undeclared_locality};
use domicile::model::inventory::{FileInventory, State};
use domicile::model::{DataKinds, data::Locality};
use domicile::services::Services;
use std::path::Path;

fn context() -> Context<'static> {
    Context { services: Services::embedded().unwrap(), locality: &undeclared_locality }
}

fn read(path: &Path, name: &str) -> Option<FileInventory> {
    import(&File::new(name, &std::fs::read(path).unwrap()), &context())
}

fn sent(inventory: &FileInventory) -> DataKinds {
    let counts = |o: &&domicile::model::inventory::Operation| {
        o.state == State::Active && o.locality != Locality::Local
    };
    inventory.operations.iter().filter(counts).fold(DataKinds::NONE, |all, o| all.union(o.sends))
}

/// Verdict and what is sent, as the truth table words them.
fn worded(inventory: &FileInventory) -> String {
    match inventory.verdict.name() {
        "remote" => format!("remote-{}", sent(inventory)),
        other => other.to_owned(),
    }
}

#[test]
fn every_sample_of_a_deployment_gets_its_verdict() {
    const KINDS: [&str; 8] = [
        "compose/",
        "env/",
        "kubernetes/",
        "manifests/",
        "invokeai/env",
        "_handwritten/compose/",
        "_handwritten/dockerfile/",
        "_handwritten/kubernetes/",
    ];
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/samples/pipelines");
    let Ok(truth) = std::fs::read_to_string(samples.join("truth.tsv")) else {
        eprintln!(
            "SKIPPED: no samples at ../shared/samples/pipelines; tests/fixtures/deployments still covers the traps"
        );
        return;
    };
    let mut wrong = Vec::new();
    let mut checked = 0;
    for line in truth.lines() {
        let (file, expected) = line.split_once('\t').unwrap();
        if !KINDS.iter().any(|k| file.starts_with(k)) && !file.starts_with("_handwritten/manifests/") {
            continue;
        }
        checked += 1;
        // What the table says in words of its own.
        let expected = match expected {
            "remote" => "remote-capable",
            "remote-prompt by default" => "remote-prompt",
            other => other,
        };
        let Some(inventory) = read(&samples.join(file), file) else {
            wrong.push(format!("{file}: not recognised"));
            continue;
        };
        if worded(&inventory) != expected {
            wrong.push(format!("{file}: expected {expected}, got {}\n{inventory:#?}", worded(&inventory)));
        }
    }
    assert!(checked >= 30, "{checked}");
    assert!(wrong.is_empty(), "{} of {checked} disagree:\n{}", wrong.len(), wrong.join("\n"));
}

/// Each folder is a tree of its own; `expected.tsv` has a line `file<TAB>kind<TAB>verdict` for every file.
#[test]
fn every_tree_of_fixtures_gets_its_verdicts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/deployments");
    let mut trees: Vec<_> = std::fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).collect();
    trees.sort();
    assert!(trees.len() >= 4, "{trees:?}");
    for tree in trees {
        let expected = std::fs::read_to_string(tree.join("expected.tsv")).unwrap();
        let rows: Vec<Vec<&str>> =
            expected.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect()).collect();
        let mut files: Vec<FileInventory> = rows
            .iter()
            .map(|row| {
                read(&tree.join(row[0]), row[0]).unwrap_or_else(|| panic!("{} is not recognised", row[0]))
            })
            .collect();
        reconcile(&mut files, &context());
        for (row, file) in rows.iter().zip(&files) {
            let got = format!("{}\t{}", file.kind, worded(file));
            assert_eq!(got, row[1..].join("\t"), "{}/{}: {file:#?}", tree.display(), row[0]);
        }
        let shown = domicile::inventory::show::text(&files, true) + &domicile::inventory::show::json(&files);
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}

/// Every file of the fixtures, by name.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/deployments");
    let mut all = Vec::new();
    for tree in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(tree.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            all.push((
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(&path).unwrap(),
            ));
        }
    }
    all.sort();
    all
}

/// A file that is cut, or of which a byte is another, is read or refused, by every importer; one with a byte
/// that is not text is never said to be local.
#[test]
fn damaged_files_are_read_or_refused() {
    let mut met = 0;
    for (name, whole) in fixtures() {
        for at in 0..whole.len() {
            let _ = import(&File::new(&name, &whole[..at]), &context());
            let mut other = whole.clone();
            for byte in [0xFF, b'{', b'"', b'\n', b'$'] {
                other[at] = byte;
                let inventory = import(&File::new(&name, &other), &context());
                if let Some(inventory) = inventory.filter(|_| byte == 0xFF) {
                    assert_eq!(inventory.verdict.name(), "undetermined", "{name} at {at}");
                    met += 1;
                }
            }
        }
    }
    assert!(met > 1000, "{met}");
}

/// What is made to grow does not: chains, doubling, nesting, and files of nothing but one thing.
#[test]
fn hostile_files_are_bounded() {
    let chain: String = (1..30_000).map(|i| format!("V{i}=${{V{}}}${{V{}}}x\n", i - 1, i - 1)).collect();
    let braces = format!("OPENAI_BASE_URL={}\n", "${".repeat(1 << 20));
    let services: String = (0..20_000).map(|i| format!("  s{i}: {{image: x, networks: [n{i}]}}\n")).collect();
    let networks: String = (0..20_000).map(|i| format!("  n{i}: {{internal: true}}\n")).collect();
    let pods: String = (0..5_000)
        .map(|i| {
            format!(
                "kind: Pod\napiVersion: v1\nmetadata: {{name: p{i}}}\nspec:\n  containers:\n  - {{name: a, env: [{{name: OPENAI_BASE_URL, value: \"http://s{i}.default\"}}]}}\n---\nkind: Service\napiVersion: v1\nmetadata: {{name: s{i}}}\n---\nkind: NetworkPolicy\napiVersion: v1\nmetadata: {{name: n{i}}}\nspec: {{policyTypes: [Egress], podSelector: {{matchLabels: {{a: b}}}}}}\n---\n"
            )
        })
        .collect();
    let stages = format!("FROM a AS a\nENV {}\n{}", "X=1 ".repeat(2_000), "FROM a AS a\n".repeat(20_000));
    let locations: String =
        (0..20_000).map(|i| format!("location /v1/{i} {{ set $a b$a; proxy_pass http://$a; }}\n")).collect();
    for (name, text, expected) in [
        (".env", chain, Some("undetermined")),
        (".env", braces, Some("undetermined")),
        ("compose.yml", format!("services:\n{services}networks:\n{networks}"), Some("undetermined")),
        ("pods.yaml", pods, None),
        ("Dockerfile", stages, Some("undetermined")),
        ("nginx.conf", format!("server {{\n{locations}}}\n"), Some("undetermined")),
        ("deep.yaml", format!("services:\n  a: {{image: {}", "[".repeat(1 << 20)), None),
        (
            "package.json",
            format!("{{\"name\": 1, \"dependencies\": {}", "[".repeat(1 << 20)),
            Some("undetermined"),
        ),
    ] {
        let inventory = import(&File::new(name, text.as_bytes()), &context());
        let verdict = inventory.as_ref().map(|i| i.verdict.name());
        if expected.is_some() {
            assert_eq!(verdict, expected, "{name}");
        }
        assert!(inventory.is_none_or(|i| i.operations.len() <= 10_000 && i.assets.len() <= 10_001), "{name}");
    }
}

/// Names and hosts are told, values never.
#[test]
fn no_value_reaches_the_output() {
    let url =
        "https://KanarieVogel-user:KanarieVogel-pw@api.openai.com/KanarieVogel-path?k=KanarieVogel-query";
    let files = [
        (
            ".env",
            format!(
                "OPENAI_BASE_URL={url}\nFAL_KEY=KanarieVogel-key\nPROMPT=KanarieVogel-prompt\nCLI_ARGS=--share --gradio-auth KanarieVogel-auth\n"
            ),
        ),
        (
            "compose.yml",
            format!(
                "services:\n  a:\n    image: KanarieVogel-registry/ngrok/ngrok\n    command: [ngrok, http, '80', --authtoken, KanarieVogel-token]\n    environment:\n      OPENAI_BASE_URL: {url}\n      FAL_KEY: ${{K:-KanarieVogel-default}}\n      FAL_RUN_HOST: ${{H:-{url}}}\n"
            ),
        ),
        (
            "k.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{FAL_KEY: KanarieVogel-key}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  OPENAI_BASE_URL: {url}\n  a.env: |\n    FAL_KEY=KanarieVogel-key\n    OPENAI_BASE_URL={url}\n"
            ),
        ),
        (
            "litellm.yaml",
            format!(
                "model_list:\n- model_name: m\n  litellm_params: {{model: openai/gpt-4o, api_base: \"{url}\", api_key: KanarieVogel-key}}\n"
            ),
        ),
        (
            "nginx.conf",
            format!(
                "server {{ location /v1/ {{ proxy_set_header Authorization KanarieVogel-key; proxy_pass {url}; }} }}"
            ),
        ),
        (
            "a.service",
            format!(
                "[Service]\nEnvironment=OPENAI_BASE_URL={url} FAL_KEY=KanarieVogel-key\nExecStart=curl -d KanarieVogel-prompt {url}\n"
            ),
        ),
        (
            "Dockerfile",
            format!(
                "FROM x\nENV OPENAI_BASE_URL={url} FAL_KEY=KanarieVogel-key\nRUN curl -H KanarieVogel-key {url}\n"
            ),
        ),
        (
            "values.yaml",
            format!(
                "image: {{repository: a}}\nresources: {{}}\nenv:\n  OPENAI_BASE_URL: {url}\n  FAL_KEY: KanarieVogel-key\n"
            ),
        ),
        ("requirements.txt", format!("--index-url {url}\nopenai==1\n")),
    ];
    let mut all: Vec<FileInventory> = files
        .iter()
        .map(|(name, text)| {
            import(&File::new(name, text.as_bytes()), &context()).unwrap_or_else(|| panic!("{name}"))
        })
        .collect();
    reconcile(&mut all, &context());
    let shown = domicile::inventory::show::text(&all, true) + &domicile::inventory::show::json(&all);
    let around = shown
        .to_lowercase()
        .find("kanarievogel")
        .map(|at| shown[at.saturating_sub(200)..].chars().take(300).collect::<String>());
    assert_eq!(around, None);
    assert!(all.iter().filter(|f| f.verdict.name().starts_with("remote")).count() >= 8, "{shown}");
}
