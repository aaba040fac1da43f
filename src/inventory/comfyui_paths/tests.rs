use super::IMPORTER;
use crate::inventory::testing::shown;

#[test]
fn paths_on_this_machine_are_local() {
    let text = "# c\na111:\n    base_path: /data/webui/\n    checkpoints: models/a\n    loras: |\n        models/b\n        models/c\n";
    assert_eq!(shown(&IMPORTER, "extra_model_paths.yaml", text), ["local"]);
    assert_eq!(shown(&IMPORTER, "x.yaml", "a:\n  checkpoints: x\n"), ["none"]);
    assert_eq!(shown(&IMPORTER, "x.yaml", "checkpoints: [1]\nloras: 2\n"), ["none"]);
}

#[test]
fn paths_on_another_machine_are_downloads_and_code_from_there_is_code() {
    let text = "comfyui:\n  base_path: //nas/share\n  checkpoints: models\n  vae: /local/vae\n  custom_nodes: nodes\n";
    assert_eq!(
        shown(&IMPORTER, "extra_model_paths.yaml", text),
        [
            "fetch-only",
            "3 comfyui.checkpoints fetch undetermined",
            "5 comfyui.custom_nodes fetch undetermined",
            "5 remote-code custom_nodes"
        ]
    );
    let text = "c:\n  base_path: /data\n  loras: '\\\\nas\\loras'\n";
    assert_eq!(
        shown(&IMPORTER, "extra_model_paths.yaml", text),
        ["fetch-only", "3 c.loras fetch undetermined"]
    );
}

#[test]
fn a_damaged_one_is_undetermined() {
    assert_eq!(shown(&IMPORTER, "extra_model_paths.yaml", "a:\n  checkpoints: [\n"), ["undetermined"]);
}
