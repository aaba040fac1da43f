use super::IMPORTER;
use crate::inventory::testing::{read, shown};

#[test]
fn a_pipeline_of_known_libraries_is_local() {
    let text = "{\"_class_name\": \"X\",\n\"_diffusers_version\": \"0.30\",\n\"vae\": [\"diffusers\", \"V\"],\n\"safety_checker\": [null, null]}";
    assert_eq!(shown(&IMPORTER, "model_index.json", text), ["local", "1 model X"]);
    assert_eq!(read(&IMPORTER, "m.json", text).unwrap().notes, ["its safety checker is left out"]);
}

#[test]
fn code_that_comes_with_weights_is_said() {
    let text = "{\"_class_name\": [\"pipe\", \"X\"],\n\"_diffusers_version\": \"0.30\",\n\"unet\": [\"my_unet\", \"U\"]}";
    assert_eq!(
        shown(&IMPORTER, "model_index.json", text),
        ["local", "1 model X", "1 remote-code pipe", "3 remote-code my_unet"]
    );
    let text = "{\"model_type\": \"x\", \"auto_map\": {\n\"AutoModel\": \"a/b--m.C\",\n\"AutoTokenizer\": [\"t.T\", null]}}";
    assert_eq!(
        shown(&IMPORTER, "config.json", text),
        ["local", "2 remote-code a/b--m.C", "3 remote-code t.T"]
    );
}

#[test]
fn other_files_are_not_claimed() {
    assert_eq!(
        shown(&IMPORTER, "config.json", r#"{"_class_name": "UNet", "_diffusers_version": "1", "x": 1}"#),
        ["none"]
    );
    assert_eq!(shown(&IMPORTER, "config.json", r#"{"model_type": "x"}"#), ["none"]);
    assert_eq!(
        shown(&IMPORTER, "m.json", r#"{"_class_name": "X", "_diffusers_version": "1", "vae": ["#),
        ["undetermined"]
    );
}

#[test]
fn source_code_that_names_the_keys_is_not_claimed() {
    let code = "// \"_class_name\" and \"_diffusers_version\", \"auto_map\", \"edges\", \"nodes\", \"use_cache\"\nfn x() {}\n";
    assert_eq!(shown(&IMPORTER, "a.rs", code), ["none"]);
    assert_eq!(shown(&crate::inventory::invokeai::IMPORTER, "a.rs", code), ["none"]);
}
