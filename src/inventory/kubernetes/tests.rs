use super::super::testing::{assets, operations, read as import};
use super::*;

fn read(text: &str) -> FileInventory {
    import(&IMPORTER, "k.yaml", text).unwrap()
}

/// A Deployment with a container that is given variables.
fn deployment(more: &str, env: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: media}}\nspec:\n{more}  template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n      - name: app\n        image: x\n        env:\n{env}"
    )
}

const REMOTE: &str = "        - {name: OPENAI_BASE_URL, value: \"https://api.openai.com/v1\"}\n";

#[test]
fn replicas_and_suspension_count() {
    assert_eq!(read(&deployment("", REMOTE)).verdict.name(), "remote");
    assert_eq!(read(&deployment("  replicas: 0\n", REMOTE)).verdict.name(), "inactive");
    let cron = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: c}\nspec:\n  suspend: true\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n          - name: a\n            command: [sh, -c, \"aws s3 sync /outputs s3://b\"]\n";
    assert_eq!(read(cron).verdict.name(), "inactive");
    assert_eq!(read(&cron.replace("true", "false")).verdict.name(), "remote");
}

#[test]
fn names_inside_the_cluster_are_local_and_an_external_name_is_outside() {
    let with = |host: &str| {
        deployment("", &format!("        - {{name: OPENAI_BASE_URL, value: \"http://{host}/v1\"}}\n"))
    };
    for host in ["api:8080", "api.media.svc", "api.other.svc.cluster.local:80"] {
        assert_eq!(read(&with(host)).verdict.name(), "local", "{host}");
    }
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: media}\nspec: {type: ExternalName, externalName: api.openai.com}\n";
    let inventory = read(&format!("{}{service}", with("api")));
    assert_eq!(operations(&inventory), ["app OPENAI_BASE_URL 12 prompt remote openai"]);
    assert!(
        inventory.hosts.iter().any(
            |h| h.name == "api.media.svc.cluster.local" && h.outside.as_deref() == Some("api.openai.com")
        )
    );
    let elsewhere = service.replace("namespace: media", "namespace: other");
    assert_eq!(read(&format!("{}{elsewhere}", with("api"))).verdict.name(), "local");
    assert_eq!(read(&format!("{}{elsewhere}", with("api.other"))).verdict.name(), "remote");
    assert_eq!(read(&with("10.1.2.3")).verdict.name(), "undetermined");
}

#[test]
fn a_config_map_counts_in_its_namespace_and_a_secret_has_names_only() {
    let env = "        - {name: IMAGE_API_URL, valueFrom: {configMapKeyRef: {name: c, key: url}}}\n        - {name: STABILITY_API_KEY, valueFrom: {secretKeyRef: {name: s, key: k}}}\n";
    let map = |ns: &str| {
        format!(
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: {ns}}}\ndata:\n  url: https://api.stability.ai\n"
        )
    };
    let inventory = read(&format!("{}{}", deployment("", env), map("media")));
    assert_eq!(operations(&inventory), ["app IMAGE_API_URL 19 prompt remote stability"]);
    assert_eq!(assets(&inventory), ["app STABILITY_API_KEY 13 stability"]);
    let other = read(&format!("{}{}", deployment("", env), map("other")));
    assert_eq!(other.verdict.name(), "undetermined");
    let from = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  FAL_KEY: CANARY-VALUE\n";
    let inventory = read(from);
    assert_eq!(assets(&inventory), ["s FAL_KEY 5 fal"]);
    assert!(!format!("{inventory:?}").contains("CANARY"));
}

#[test]
fn a_policy_guards_its_own_namespace_and_pods() {
    let policy = |ns: &str, app: &str, egress: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: {ns}}}\nspec:\n  podSelector: {{matchLabels: {{app: {app}}}}}\n  policyTypes: [Egress]\n{egress}"
        )
    };
    let guard = |p: String| assets(&read(&format!("{}{p}", deployment("", REMOTE))))[0].clone();
    assert_eq!(guard(policy("media", "web", "")), "media/p 14");
    assert_eq!(guard(policy("other", "web", "")), "[other/p 14]");
    assert_eq!(guard(policy("media", "db", "")), "[media/p 14]");
    assert_eq!(guard(policy("media", "web", "  egress: [{}]\n")), "[media/p 14]");
}

#[test]
fn files_inside_config_maps_are_read_at_their_lines() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  app.env: |\n    A=1\n    FAL_KEY=abcdef99\n";
    let inventory = read(text);
    assert_eq!(assets(&inventory), ["FAL_KEY 7 fal"]);
    assert_eq!(inventory.verdict.name(), "remote-capable");
}

#[test]
fn serving_resources_fetch_and_listeners_are_told() {
    let kserve = "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: sd}\nspec:\n  predictor:\n    model:\n      storageUri: hf://stabilityai/x\n";
    assert_eq!(operations(&read(kserve)), ["sd storageUri 7 fetch remote huggingface-hub"]);
    assert_eq!(read(kserve).verdict.name(), "fetch-only");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  type: LoadBalancer\n";
    assert_eq!(assets(&read(service)), ["a LoadBalancer 5"]);
    assert_eq!(read(service).verdict.name(), "no-evidence");
}

#[test]
fn variables_of_pods_are_put_in_and_dollars_left() {
    assert_eq!(dollars_of("http://$(HOST):80/$x$$"), "http://${HOST}:80/$$x$$");
    let env = "        - {name: HOST, value: api.openai.com}\n        - {name: OPENAI_BASE_URL, value: \"https://$(HOST)/v1\"}\n";
    assert_eq!(operations(&read(&deployment("", env))), ["app OPENAI_BASE_URL 13 prompt remote openai"]);
}

fn dollars_of(text: &str) -> String {
    workload::dollars(text)
}

#[test]
fn what_is_none_and_what_is_broken() {
    assert!(import(&IMPORTER, "x.yaml", "apiVersion: v2\nname: chart\nkindly: 1\n").is_none());
    let cut = read("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\nkind: \"x\n");
    assert_eq!(cut.verdict.name(), "undetermined");
}
