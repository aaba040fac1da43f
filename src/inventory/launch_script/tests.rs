use super::IMPORTER;
use crate::inventory::testing::{read, shown};

#[test]
fn stock_files_are_comments() {
    let sh = "#!/bin/bash\n#export COMMANDLINE_ARGS=\"\"\n#python_cmd=\"python3\"\n";
    assert_eq!(shown(&IMPORTER, "webui-user.sh", sh), ["local"]);
    let bat = "@echo off\r\n\r\nset PYTHON=\r\nset COMMANDLINE_ARGS=\r\n\r\ncall webui.bat\r\n";
    assert_eq!(shown(&IMPORTER, "webui-user.bat", bat), ["local"]);
    let off = "#!/bin/bash\n# export COMMANDLINE_ARGS=\"--share\"\n";
    assert_eq!(
        shown(&IMPORTER, "webui-user.sh", off),
        ["inactive", "2 --share prompt+image gradio-share inactive"]
    );
    for mark in ["rem", "@REM", "::"] {
        let text = format!("@echo off\r\n{mark} set COMMANDLINE_ARGS=--share\r\ncall webui.bat\r\n");
        assert_eq!(shown(&IMPORTER, "w.bat", text)[0], "inactive", "{mark}");
    }
}

#[test]
fn relays_and_sources_of_downloads() {
    let bat = "@echo off\r\nset COMMANDLINE_ARGS=--xformers --ngrok CANARY\r\nset HF_ENDPOINT=https://m.example\r\n";
    assert_eq!(
        shown(&IMPORTER, "w.bat", bat),
        ["remote", "2 --ngrok prompt+image ngrok", "3 HF_ENDPOINT fetch m.example"]
    );
    assert!(!format!("{:?}", read(&IMPORTER, "w.bat", bat).unwrap()).contains("CANARY"));
}

#[test]
fn keys_are_named_and_an_empty_one_is_none() {
    let text = "#!/bin/sh\nexport OPENAI_API_KEY=CANARY\nexport FAL_KEY=\"\"\nexport HF_TOKEN=$T\npython main.py\npython launch.py\n";
    assert_eq!(
        shown(&IMPORTER, "r.sh", text),
        [
            "remote-capable",
            "2 credential OPENAI_API_KEY openai",
            "3 credential FAL_KEY fal inactive",
            "4 credential HF_TOKEN"
        ]
    );
    assert!(!format!("{:?}", read(&IMPORTER, "r.sh", text).unwrap()).contains("CANARY"));
}

#[test]
fn scripts_without_a_known_program_are_not_claimed() {
    assert_eq!(shown(&IMPORTER, "a.sh", "#!/bin/sh\nls -l\n"), ["none"]);
    assert_eq!(shown(&IMPORTER, "a.py", "#!/usr/bin/env python3\n# ngrok http 1\n"), ["none"]);
    assert_eq!(shown(&IMPORTER, "a.md", "ngrok http 7860"), ["none"]);
    assert_eq!(shown(&IMPORTER, ".env", "COMMANDLINE_ARGS=--share\n"), ["none"]);
    assert_eq!(shown(&IMPORTER, "a.sh", "#!/usr/bin/env -S bash -e\nngrok http 1\n")[0], "remote");
}

#[test]
fn what_cannot_be_read_is_undetermined() {
    let mut text = b"#!/bin/bash\nexport COMMANDLINE_ARGS='--share'\n".to_vec();
    text.push(0xFF);
    assert_eq!(shown(&IMPORTER, "w.sh", &text), ["undetermined"]);
    let long = format!("#!/bin/bash\nexport COMMANDLINE_ARGS=''\n{}", "#".repeat(2 << 20));
    assert_eq!(shown(&IMPORTER, "w.sh", long), ["undetermined"]);
}

#[test]
fn tools_alone_make_no_launch_script() {
    assert_eq!(
        shown(&IMPORTER, "a.sh", "#!/bin/sh\ngit status\ncurl -f http://localhost/\nssh host ls\n"),
        ["none"]
    );
}

#[test]
fn a_name_helps_and_what_it_does_decides() {
    let text =
        ".\\python_embeded\\python.exe -s ComfyUI\\main.py --windows-standalone-build --listen\r\npause\r\n";
    assert_eq!(shown(&IMPORTER, "run_nvidia_gpu.bat", text), ["local", "1 listener 0.0.0.0,::"]);
    assert_eq!(shown(&IMPORTER, "run_nvidia_gpu.txt", text), ["none"]);
    assert_eq!(shown(&IMPORTER, "share.sh", "python launch.py --share\n")[0], "remote");
}

#[test]
fn variables_are_judged_as_those_of_any_program() {
    let text = "#!/bin/sh\nexport HF_HUB_OFFLINE=1\nexport GRADIO_SHARE=True\nexport OPENAI_BASE_URL=https://api.openai.com/v1\nexport OPENAI_API_KEY=CANARY9\nDO_NOT_TRACK=1 python launch.py\n";
    let found = shown(&IMPORTER, "r.sh", text);
    assert_eq!(found[0], "remote");
    for row in [
        "3 GRADIO_SHARE prompt+image gradio-share",
        "4 OPENAI_BASE_URL prompt openai",
        "2 guard HF_HUB_OFFLINE huggingface-hub",
        "6 guard DO_NOT_TRACK",
        "5 credential OPENAI_API_KEY openai",
    ] {
        assert!(found.iter().any(|f| f.starts_with(row)), "{row}: {found:?}");
    }
    assert!(!format!("{:?}", read(&IMPORTER, "r.sh", text).unwrap()).contains("CANARY"));
    // Nothing is started: an address is there for whoever reads the script.
    let sets = "#!/bin/sh\nexport OPENAI_BASE_URL=https://api.openai.com/v1\n";
    assert_eq!(
        shown(&IMPORTER, "env.sh", sets),
        ["remote-capable", "2 OPENAI_BASE_URL prompt openai not-reached"]
    );
}

#[test]
fn makefiles_procfiles_and_scripts_of_other_shells_are_scripts() {
    let share = "prompt+image gradio-share";
    let make = "PYTHON ?= python3\nFLAGS := --xformers --share\nrun:\n\t@$(PYTHON) launch.py $(FLAGS)\n";
    assert_eq!(shown(&IMPORTER, "Makefile", make), ["remote".to_owned(), format!("4 --share {share}")]);
    let file = "web: python launch.py --share\n";
    assert_eq!(shown(&IMPORTER, "Procfile", file), ["remote".to_owned(), format!("1 --share {share}")]);
    let power = "$env:COMMANDLINE_ARGS = \"--share\"\n.\\webui.bat\n";
    assert_eq!(shown(&IMPORTER, "start.ps1", power), ["remote".to_owned(), format!("1 --share {share}")]);
    let fish = "set -x COMMANDLINE_ARGS --share\n./webui.sh\n";
    assert_eq!(shown(&IMPORTER, "start.fish", fish)[0], "remote");
    assert_eq!(
        shown(&IMPORTER, "Makefile", "all:\n\tcargo build\n\tpython setup.py $$HOME $(shell date)\n"),
        ["none"]
    );
    // Cut off anywhere it is read, not fallen over.
    for end in 0..make.len() {
        let _ = shown(&IMPORTER, "Makefile", &make[..end]);
        let _ = shown(&IMPORTER, "a.ps1", &make[..end]);
    }
}
