use super::*;
use crate::inventory::endpoint::operation;
use crate::inventory::undeclared_locality;
use crate::model::inventory::Asset;
use crate::model::{DataKind, DataKinds};
use crate::services::Services;

fn context() -> Context<'static> {
    Context { services: Services::embedded().unwrap(), locality: &undeclared_locality }
}

/// A file that sends a prompt where `OPENAI_BASE_URL` says, else to OpenAI.
fn script(path: &str) -> FileInventory {
    let spelled = Spelled {
        variables: vec!["OPENAI_BASE_URL".to_owned()],
        address: None,
        vendor: Some("openai".to_owned()),
    };
    let prompt = DataKinds::of(&[DataKind::Prompt]);
    let mut file = FileInventory::new(path, "python");
    file.operations.push(operation(Where::line(path, 3), "generate", prompt, "a call", spelled, &context()));
    file.verdict = FileInventory::judge(&file.operations, &file.assets);
    file
}

fn setting(path: &str, value: &str, certainty: Certainty) -> FileInventory {
    let mut file = FileInventory::new(path, "env");
    file.settings.push(Setting {
        name: "OPENAI_BASE_URL".to_owned(),
        value: Some(value.to_owned()),
        certainty,
        place: Where::line(path, 1),
    });
    file
}

fn compose(path: &str, name: &str) -> FileInventory {
    let mut file = FileInventory::new(path, "compose");
    file.hosts.push(HostName {
        name: name.to_owned(),
        outside: None,
        gateway: false,
        place: Where::line(path, 2),
    });
    file
}

fn settled(mut files: Vec<FileInventory>) -> FileInventory {
    reconcile(&mut files, &context());
    files.swap_remove(0)
}

#[test]
fn a_variable_that_names_a_sibling_is_local_and_says_where() {
    let near = setting(".env", "http://llm:8080/v1", Certainty::Implied);
    let file = settled(vec![script("app/run.py"), near, compose("compose.yaml", "llm")]);
    let operation = &file.operations[0];
    assert_eq!((operation.locality, file.verdict), (Locality::Local, Verdict::Local));
    assert!(operation.because.ends_with(
        "`OPENAI_BASE_URL` is `llm` in .env:1; `llm` is a service of the same deployment, in compose.yaml:2"
    ));
    assert_eq!(operation.decided_at, Some(Where::line(".env", 1)));
}

#[test]
fn without_the_sibling_it_stays_open_and_without_the_variable_it_is_the_vendor() {
    let near = || setting(".env", "http://llm:8080/v1", Certainty::Implied);
    assert_eq!(settled(vec![script("app/run.py"), near()]).verdict, Verdict::Undetermined);
    assert_eq!(settled(vec![script("app/run.py")]).verdict, Verdict::Remote);
    let empty = setting(".env", "", Certainty::Implied);
    assert_eq!(settled(vec![script("app/run.py"), empty]).verdict, Verdict::Remote);
}

#[test]
fn an_example_or_a_stranger_never_reassures() {
    let example = setting(".env.example", "http://localhost:1/v1", Certainty::Possible);
    assert_eq!(settled(vec![script("run.py"), example]).verdict, Verdict::Remote);
    // A warning in an example counts only where nothing surer is as near.
    let real = setting(".env", "http://127.0.0.1:1/v1", Certainty::Implied);
    let warning = setting(".env.example", "https://api.together.xyz/v1", Certainty::Possible);
    assert_eq!(settled(vec![script("run.py"), real, warning]).verdict, Verdict::Local);
    let stranger = setting("other/.env", "http://localhost:1/v1", Certainty::Implied);
    assert_eq!(settled(vec![script("app/run.py"), stranger]).verdict, Verdict::Remote);
}

#[test]
fn the_nearest_wins_and_of_equals_the_worst() {
    let local = |path| setting(path, "http://127.0.0.1:1/v1", Certainty::Implied);
    let remote = |path| setting(path, "https://api.together.xyz/v1", Certainty::Implied);
    assert_eq!(
        settled(vec![script("app/run.py"), local("app/.env"), remote(".env")]).verdict,
        Verdict::Local
    );
    let both = settled(vec![script("app/run.py"), local(".env"), remote(".env.production")]);
    assert_eq!(both.verdict, Verdict::Remote);
    assert_eq!(both.operations[0].decided_at, Some(Where::line(".env.production", 1)));
}

#[test]
fn a_key_beside_an_address_that_leads_elsewhere_does_nothing() {
    let mut file = script("compose.yaml");
    file.assets.push(Asset {
        kind: AssetKind::Credential,
        name: "OPENAI_API_KEY".to_owned(),
        place: Where::line("compose.yaml", 4),
        state: State::Active,
        service: Some("openai".to_owned()),
        sha256: None,
        because: "handed in".to_owned(),
    });
    assert_eq!(settled(vec![file.clone()]).assets[0].state, State::Active);
    let local = setting(".env", "http://127.0.0.1:1/v1", Certainty::Implied);
    let file = settled(vec![file, local]);
    assert_eq!((file.assets[0].state, file.verdict), (State::Inactive, Verdict::Local));
    assert!(file.assets[0].because.ends_with("leads elsewhere, by .env:1"), "{}", file.assets[0].because);
}

#[test]
fn of_two_services_of_a_name_the_one_that_leads_outside_counts() {
    let near = setting(".env", "http://llm:8080/v1", Certainty::Implied);
    let mut outside = compose("b.yaml", "llm");
    outside.hosts[0].outside = Some("api.together.xyz".to_owned());
    assert_eq!(
        settled(vec![script("run.py"), near, compose("a.yaml", "llm"), outside]).verdict,
        Verdict::Remote
    );
}

#[test]
fn a_file_that_was_not_read_whole_stays_undetermined() {
    let mut file = script("run.py");
    file.verdict = Verdict::Undetermined;
    let local = setting(".env", "http://127.0.0.1:1/v1", Certainty::Implied);
    assert_eq!(settled(vec![file, local]).verdict, Verdict::Undetermined);
}

#[test]
fn a_sibling_that_passes_prompts_on_does_not_reassure() {
    let near = setting(".env", "http://llm:4000/v1", Certainty::Implied);
    let mut gateway = compose("compose.yaml", "llm");
    gateway.hosts[0].gateway = true;
    let file = settled(vec![script("app/run.py"), near, gateway]);
    assert_eq!((file.operations[0].locality, file.verdict), (Locality::Undetermined, Verdict::Undetermined));
    assert!(file.operations[0].because.contains("a gateway"), "{}", file.operations[0].because);
}
