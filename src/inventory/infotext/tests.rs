use super::IMPORTER;
use crate::inventory::testing::{png, read, shown};

#[test]
fn a_picture_says_which_program_made_it_and_not_the_prompt() {
    let text = "CANARY\nNegative prompt: CANARY\nSteps: 20, Sampler: Euler, Size: 512x512, Model: x, Version: f2.0.1";
    let file = read(&IMPORTER, "a.png", png(&[("parameters", text)])).unwrap();
    assert_eq!(file.verdict.name(), "local");
    assert_eq!(file.notes, ["the parameters of Forge are in it, the prompt among them"]);
    assert!(!format!("{file:?}").contains("CANARY"));
    let fooocus = png(&[("parameters", "{\"prompt\": 1}"), ("fooocus_scheme", "fooocus")]);
    assert!(read(&IMPORTER, "a.png", fooocus).unwrap().notes[0].contains("Fooocus"));
}

#[test]
fn a_cloud_model_made_it_elsewhere() {
    let text = "x\nSteps: 1, Size: 1x1, Model: gemini-3-pro-image, App: SD.Next";
    assert_eq!(
        shown(&IMPORTER, "a.png", png(&[("parameters", text)])),
        ["remote", "- parameters prompt google-gemini"]
    );
}

#[test]
fn other_pictures_are_not_claimed() {
    assert_eq!(shown(&IMPORTER, "a.png", png(&[("parameters", "Steps: many")])), ["none"]);
    assert_eq!(shown(&IMPORTER, "a.png", png(&[("Comment", "parameters")])), ["none"]);
    assert_eq!(shown(&IMPORTER, "a.txt", "parameters"), ["none"]);
}
