use super::*;

fn keys(node: &Node) -> Vec<(&str, u64)> {
    node.entries().iter().map(|(k, n)| (k.text.as_str(), n.line)).collect()
}

#[test]
fn all_three_give_the_same_tree_with_lines() {
    let json = json("{\n  // said so\n  \"a\": {\"b\": [1, \"x\", true, null]},\n}").unwrap();
    let (yaml, problem) = yaml("a:\n  b:\n    - 1\n    - x\n    - true\n    -\n");
    assert_eq!(problem, None);
    let toml = toml("[a]\nb = [1, \"x\", true]\n").unwrap();
    let words = |node: &Node| -> Vec<Option<String>> {
        node.at(&["a", "b"]).unwrap().items().iter().map(Node::word).collect()
    };
    let some = |s: &str| Some(s.to_owned());
    assert_eq!(words(&json), [some("1"), some("x"), some("true"), None]);
    assert_eq!(words(&yaml[0]), words(&json));
    assert_eq!(words(&toml), &words(&json)[..3]);
    assert_eq!(json.at(&["a", "b"]).unwrap().line, 3);
    assert_eq!(yaml[0].at(&["a", "b"]).unwrap().items()[1].line, 4);
    assert_eq!(toml.at(&["a", "b"]).unwrap().line, 2);
}

#[test]
fn anchors_are_copied_and_merged_and_own_keys_win() {
    let text = "base: &b {image: x, port: 1}\nweb:\n  <<: *b\n  port: 2\nboth:\n  <<: [*b, {more: 3}]\n";
    let (documents, problem) = yaml(text);
    assert_eq!(problem, None);
    let root = &documents[0];
    assert_eq!(root.at(&["web", "port"]).unwrap().word().unwrap(), "2");
    assert_eq!(root.at(&["web", "image"]).unwrap().line, 1);
    assert_eq!(keys(root.get("both").unwrap()).len(), 3);
    assert_eq!(yaml("a: 1\n---\nb: 2\n").0.len(), 2);
}

#[test]
fn bombs_and_depth_are_refused_with_a_line() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..10 {
        let alias = format!("*a{}", i - 1);
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", vec![alias; 10].join(", ")));
    }
    let problem = yaml(&bomb).1.unwrap();
    assert!(problem.why.contains("too many"), "{problem:?}");
    assert!(problem.line.is_some());
    assert!(yaml(&"[".repeat(5000)).1.is_some());
    assert!(json(&"[".repeat(5000)).is_err());
    assert!(toml(&format!("a = {}", "[".repeat(5000))).is_err());
    assert!(yaml("a: &a\n  b: *a\n").1.is_some());
}

#[test]
fn what_is_broken_says_where() {
    assert_eq!(json("{\n\"a\": \n}").unwrap_err().line, Some(3));
    assert_eq!(toml("a = 1\nb = \n").unwrap_err().line, Some(2));
    let (documents, problem) = yaml("a: 1\n---\nb: {{ .Values.x }}\n- c\n");
    assert_eq!(documents.len(), 1);
    assert!(problem.is_some_and(|p| p.line >= Some(3)));
}
