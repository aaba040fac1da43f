use super::*;
use crate::services::Services;
use std::collections::BTreeSet;

fn list() -> Programs {
    Programs::parse(SHIPPED).unwrap()
}

#[test]
fn the_shipped_data_is_read_and_names_only_services_of_the_list() {
    let list = list();
    let services = Services::embedded().unwrap();
    assert_eq!(list.as_of.to_string(), "2026-11-25");
    let mut ids = BTreeSet::new();
    let mut met = 0;
    for program in &list.program {
        assert!(ids.insert(&program.id), "{} twice", program.id);
        let own = program.flags.iter().filter_map(|f| f.service.as_deref());
        let calls = program.calls.iter().filter_map(|c| c.service.as_deref());
        let places = program.calls.iter().flat_map(|c| c.places.values().map(String::as_str));
        for id in own.chain(calls).chain(places.filter(|p| !p.is_empty())) {
            assert!(services.service(id).is_some(), "{}: no service {id}", program.id);
            met += 1;
        }
        for flag in program.flags.iter().filter(|f| f.does == FlagRole::Relay || f.does == FlagRole::Send) {
            assert!(flag.service.is_some() && !flag.sends.is_empty(), "{}: {:?}", program.id, flag.names);
        }
        for call in program.calls.iter().filter(|c| c.does != CallRole::Copy && c.does != CallRole::Http) {
            assert!(!call.because.is_empty(), "{}: {:?}", program.id, call.words);
        }
    }
    assert!(met > 40, "{met}");
    for program in &list.program {
        assert!(program.flags_of.as_ref().is_none_or(|id| ids.contains(id)), "{}", program.id);
    }
}

#[test]
fn an_exact_name_beats_a_pattern_and_a_flag_belongs_to_its_program() {
    let list = list();
    let id = |file: &str| list.program(file).map(|p| p.id.as_str());
    assert_eq!(id("launch.py"), Some("stable-diffusion-webui"));
    assert_eq!(id("main.py"), Some("comfyui"));
    assert_eq!(id("app.py"), Some("gradio-program"));
    assert_eq!(id("ls"), None);
    let does = |file: &str, flag: &str| list.flag(list.program(file)?, flag).map(|f| f.does);
    assert_eq!(does("comfy", "--disable-api-nodes"), Some(FlagRole::Guard));
    assert_eq!(does("launch.py", "--disable-api-nodes"), None);
    assert_eq!(does("git", "--share"), None);
}

#[test]
fn a_path_says_what_a_file_is_by_whole_words() {
    let list = list();
    assert_eq!(list.kinds("/data/outputs/a.PNG").to_string(), "image");
    assert_eq!(list.kinds("/models/sdxl.safetensors").to_string(), "model");
    assert!(list.kinds("/srv/imagery").is_empty());
}
