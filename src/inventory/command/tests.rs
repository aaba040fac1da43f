use super::*;
use crate::inventory::undeclared_locality;
use crate::services::Services;

fn read(text: &str) -> Parts {
    let services = Services::embedded().unwrap();
    let context = Context { services, locality: &undeclared_locality };
    shell(text, &Where::line("run.sh", 1), &context)
}

fn listed(words_: &[&str]) -> Parts {
    let services = Services::embedded().unwrap();
    let context = Context { services, locality: &undeclared_locality };
    words(words_, &Where::key("compose.yml", 7, "services.a.command"), &context)
}

/// Line, name, what is sent, where, in the order of the text.
fn shows(parts: &Parts) -> Vec<String> {
    let show = |o: &Operation| {
        let sends = if o.fetch { "fetch".to_owned() } else { o.sends.to_string() };
        let state = if o.state == State::Active { "" } else { " inactive" };
        let line = o.place.line.unwrap_or(0);
        format!("{line} {} {sends} {} {}{state}", o.id, o.route.join(">"), o.locality.name())
    };
    parts.operations.iter().map(show).collect()
}

fn assets(parts: &Parts) -> Vec<String> {
    let show = |a: &Asset| {
        format!("{} {}{}", a.kind.name(), a.name, if a.state == State::Active { "" } else { " inactive" })
    };
    parts.assets.iter().map(show).collect()
}

#[test]
fn flags_of_image_programs() {
    let parts = read("python launch.py --share --listen --api --port 7860");
    assert_eq!(shows(&parts), ["1 --share prompt+image gradio-share remote"]);
    assert_eq!(assets(&parts), ["listener 0.0.0.0", "listener --api"]);
    assert_eq!(assets(&read("python launch.py --api")), ["listener --api inactive"]);
    assert_eq!(
        assets(&read("python main.py --listen 127.0.0.1 --disable-api-nodes")),
        ["guard --disable-api-nodes"]
    );
    assert_eq!(assets(&read("python main.py --listen ${HOST:-10.0.0.5}")), ["listener 10.0.0.5"]);
    assert_eq!(shows(&read("python launch.py --share=false")), Vec::<String>::new());
    assert_eq!(shows(&read("echo --share")), Vec::<String>::new());
    assert_eq!(read("python app.py --share").operations[0].certainty, Certainty::Possible);
}

#[test]
fn wrappers_hide_no_program() {
    for line in [
        "sudo -u web nohup python3.11 -u launch.py --share",
        "sh -c 'exec python launch.py --share'",
        "A=1 env B=2 timeout 30 ./webui.sh --share",
        "uv run --python 3.12 launch.py --share",
        "accelerate launch --num_cpu_threads_per_process=6 launch.py --share",
        "bash -lc \"cd /app && /opt/venv/bin/python launch.py --share\"",
        "docker run --gpus all -p 1:1 image python launch.py --share",
        "bash <<EOF\npython launch.py --share\nEOF",
        "if [ -n \"$X\" ]; then python launch.py --share; fi",
        "ARGS=\"--share\"; python launch.py $ARGS",
        "ARGS=(--listen --share)\npython launch.py \"${ARGS[@]}\"",
        "export COMMANDLINE_ARGS='--share'",
        "\"${PYTHON:-/usr/bin/python3}\" -u launch.py --share",
        "exec \"$PYTHON\" launch.py --share",
    ] {
        let parts = read(line);
        assert_eq!(parts.operations.len(), 1, "{line}: {:?}", shows(&parts));
        assert_eq!(parts.operations[0].service.as_deref(), Some("gradio-share"), "{line}");
    }
    for line in [
        "cat <<EOF\npython launch.py --share\nEOF",
        "# python launch.py --share",
        "echo 'python launch.py --share'",
    ] {
        assert_eq!(shows(&read(line)), Vec::<String>::new(), "{line}");
    }
}

#[test]
fn a_setting_in_a_comment_is_switched_off_and_prose_is_prose() {
    let parts = read("# use --share to share\n#export COMMANDLINE_ARGS=\"--share\"\n");
    assert_eq!(shows(&parts), ["2 --share prompt+image gradio-share remote inactive"]);
}

#[test]
fn every_branch_that_sets_a_variable_counts() {
    let parts = read("A=\"--share\"\nif x; then A=\"--listen\"; fi\npython launch.py $A");
    assert_eq!(shows(&parts), ["3 --share prompt+image gradio-share remote"]);
}

#[test]
fn copies_go_where_their_last_name_is() {
    assert_eq!(
        shows(&read("aws s3 sync /video s3://b/video/ --region REGION")),
        ["1 aws s3 sync image aws-s3 remote"]
    );
    assert_eq!(
        shows(&read("aws --region eu-central-1 s3 cp x.bin s3://b")),
        ["1 aws s3 cp other aws-s3 remote"]
    );
    assert_eq!(shows(&read("aws s3 cp s3://b/m.bin /models/")), ["1 aws s3 cp fetch aws-s3 remote"]);
    assert_eq!(
        shows(&read("aws s3 sync out $BUCKET")),
        ["1 aws s3 sync image aws-s3 remote"].map(|s| s.replace("image", "other"))
    );
    assert_eq!(
        shows(&read("aws --endpoint-url http://minio:9000 s3 cp a.png s3://b")),
        ["1 aws s3 cp image minio undetermined"]
    );
    assert_eq!(
        shows(&read("rsync -az -e ssh outputs/ kim@studio.example:/srv")),
        ["1 rsync image studio.example remote"]
    );
    assert_eq!(shows(&read("rclone copy outputs drive:x")), ["1 rclone copy image  undetermined"]);
    assert_eq!(shows(&read("scp -P 22 host.example:/a .")), ["1 scp fetch host.example remote"]);
    assert_eq!(shows(&read("rsync -a a/ b/; gsutil cp C:/a D:/b")), Vec::<String>::new());
    let named = read("rsync outputs/ kim@studio.example:/srv");
    assert!(!format!("{:?}", named.operations).contains("kim"));
}

#[test]
fn requests_with_a_body_send() {
    assert_eq!(
        shows(&read("curl -fsSL https://huggingface.co/x -o m.safetensors")),
        ["1 curl fetch huggingface-hub remote"]
    );
    assert_eq!(shows(&read("curl -f http://localhost:8188/")), Vec::<String>::new());
    assert_eq!(
        shows(&read("curl -sX POST -H 'A: b' -d '{}' http://127.0.0.1:8188/prompt")),
        ["1 curl prompt 127.0.0.1 local"]
    );
    assert_eq!(
        shows(&read("curl -F file=@/out/a.png https://up.example/x")),
        ["1 curl image up.example remote"]
    );
    assert_eq!(
        shows(&read("curl -d @x \"${API:-https://api.openai.com}/v1/images/generations\"")),
        ["1 curl prompt openai remote"]
    );
    assert_eq!(shows(&read("wget --post-data=x $URL")), ["1 wget other  undetermined"]);
    assert_eq!(shows(&read("U=https://up.example\ncurl -d x $U/y")), ["2 curl other up.example remote"]);
}

#[test]
fn tunnels_downloads_and_packages() {
    assert_eq!(shows(&read("ngrok http 7860")), ["1 ngrok http prompt+image ngrok remote"]);
    assert_eq!(shows(&read("ngrok config add-authtoken x")), Vec::<String>::new());
    assert_eq!(
        shows(&read("cloudflared tunnel --url http://localhost:7860 &")),
        ["1 cloudflared tunnel prompt+image cloudflared remote"]
    );
    assert_eq!(shows(&read("cloudflared tunnel list")), Vec::<String>::new());
    assert_eq!(
        shows(&read("npx localtunnel --port 7860")),
        ["1 localtunnel prompt+image localtunnel remote"]
    );
    assert_eq!(
        shows(&read("ssh -o X=no -R 80:localhost:7860 nokey@localhost.run")),
        ["1 ssh prompt+image localhost-run remote"]
    );
    assert_eq!(shows(&read("ssh host.example ls")), Vec::<String>::new());
    assert_eq!(shows(&read("frpc -c frpc.toml")), ["1 frpc prompt+image  undetermined"]);
    assert_eq!(shows(&read("hf download a/b --local-dir x")), ["1 hf download fetch huggingface-hub remote"]);
    assert_eq!(shows(&read("hf upload a/b outputs")), ["1 hf upload image huggingface-hub remote"]);
    assert_eq!(
        shows(&read("ollama run gpt-oss:120b-cloud")),
        ["1 ollama run gpt-oss:120b-cloud prompt ollama-cloud remote"]
    );
    assert_eq!(shows(&read("git clone git@github.com:a/b")), ["1 git clone fetch github-assets remote"]);
    let parts = read("python -m pip install -r r.txt 'openai>=1' torch");
    assert_eq!(shows(&parts), ["1 pip install fetch  remote"]);
    assert_eq!(assets(&parts), ["package openai"]);
}

#[test]
fn words_without_a_program_are_flags_of_any() {
    let parts = listed(&["--listen", "--share", "--disable-api-nodes"]);
    assert_eq!(shows(&parts), ["7 --share prompt+image gradio-share remote"]);
    assert_eq!(parts.operations[0].certainty, Certainty::Possible);
    assert_eq!(assets(&parts), ["listener 0.0.0.0", "guard --disable-api-nodes"]);
    let parts = listed(&["/bin/sh", "-c", "true\naws s3 sync /video s3://b/"]);
    assert_eq!(shows(&parts), ["8 aws s3 sync image aws-s3 remote"]);
}

#[test]
fn settings_hold_no_secret() {
    let parts = read("export HF_ENDPOINT=https://m.example API_KEY=abc\nB=$C");
    let values: Vec<_> = parts.settings.iter().map(|s| (s.name.as_str(), s.value.as_deref())).collect();
    assert_eq!(values, [("HF_ENDPOINT", Some("https://m.example")), ("API_KEY", None), ("B", None)]);
}

#[test]
fn hostile_lines_are_bounded() {
    let doubling: String = (0..64).map(|_| "A=$A$A$A$A\n").collect();
    read(&format!("A=xxxxxxxx\n{doubling}python launch.py $A"));
    read(&format!("sh -c {}", "\"sh -c ".repeat(50)));
    read(&"sudo ".repeat(100_000));
    read(&format!("A='--x {}'\npython launch.py {}", "y ".repeat(4000), "$A ".repeat(10_000)));
}

#[test]
fn a_pattern_of_case_is_no_command() {
    let parts = read("case $1 in\n  --share|--listen) shift ;;\n  --host) H=$2 ;;\nesac");
    assert!(shows(&parts).is_empty() && assets(&parts).is_empty());
}

#[test]
fn containers_are_given_variables_ports_and_programs() {
    let parts = read("docker run -d -p 7860:7860 -e COMMANDLINE_ARGS='--share' -e A_KEY=x local/webui:1");
    assert_eq!(shows(&parts), ["1 --share prompt+image gradio-share remote"]);
    assert_eq!(assets(&parts), ["listener 0.0.0.0"]);
    assert!(assets(&read("docker run -p 127.0.0.1:7860:7860 x")).is_empty());
    assert_eq!(
        shows(&read("docker run --rm cloudflare/cloudflared:latest tunnel --url http://x:1")),
        ["1 cloudflared tunnel prompt+image cloudflared remote"]
    );
    assert_eq!(
        shows(&read("docker run amazon/aws-cli s3 cp /out/a.png s3://b")),
        ["1 aws-cli s3 cp image aws-s3 remote"]
    );
    assert_eq!(shows(&read("--listen --share"))[0], "1 --share prompt+image gradio-share remote");
}

#[test]
fn what_is_listed_and_looked_at_is_bounded() {
    let share = "--share ".repeat(4000);
    let parts = read(&format!(
        "{}\nA='{share}'\n{}",
        "ngrok http 1\n".repeat(5000),
        "python launch.py $A\n".repeat(1000)
    ));
    assert!(parts.partial);
    assert_eq!(parts.operations.len(), MOST_FACTS);
    let many = read(&"a <<X; ".repeat(20_000));
    assert!(many.partial);
}
