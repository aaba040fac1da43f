use super::*;
use crate::inventory::undeclared_locality;
use crate::model::inventory::Verdict;
use crate::services::Services;

fn read(name: &str, bytes: &[u8]) -> Option<FileInventory> {
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    IMPORTER.import(&File::new(name, bytes), &context)
}

/// A field that holds bytes; they are short.
fn field(tag: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push(u8::try_from(length & 0x7F).unwrap() | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap());
    out.extend_from_slice(bytes);
    out
}

/// A model of version 8 with that graph and one operator set.
fn model(graph: &[u8]) -> Vec<u8> {
    [vec![0x08, 8], field(0x3A, graph), field(0x42, &[0x10, 21])].concat()
}

#[test]
fn an_operator_set_deep_in_a_graph_is_found() {
    // A node whose attribute holds a graph, in which a node names another operator set.
    let inner = field(0x0A, &field(0x3A, b"com.acme"));
    let node = field(0x2A, &field(0x32, &inner));
    let found = read("a", &model(&field(0x0A, &node))).unwrap();
    assert_eq!(found.assets[1].name, "com.acme");
    assert_eq!(found.verdict, Verdict::Undetermined);
}

#[test]
fn towers_of_graphs_end_somewhere() {
    let mut graph = Vec::new();
    for _ in 0..100 {
        graph = field(0x0A, &field(0x2A, &field(0x32, &graph)));
    }
    assert_eq!(read("a.onnx", &model(&graph)).unwrap().verdict, Verdict::Undetermined);
    assert!(read("a.dat", &model(&graph)).is_none());
}

#[test]
fn other_messages_are_passed_by() {
    assert!(read("a.bin", &[0x08, 8, 0x12, 1, b'x']).is_none());
    assert!(read("a.bin", &[0x08, 0, 0x3A, 0, 0x42, 0]).is_none());
    assert!(
        read("a.bin", &[0x08, 8, 0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).is_none()
    );
    assert!(read("a.bin", &model(&[])).is_some());
}

#[test]
fn a_path_that_leads_out_is_told() {
    assert!(["../w", "/etc/w", "a/../../w", "C:\\w", "..\\w"].iter().all(|p| leads_out(p)));
    assert!(!["w.onnx_data", "sub/w", "a..b"].iter().any(|p| leads_out(p)));
}
