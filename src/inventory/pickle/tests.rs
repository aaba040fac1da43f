use super::*;
use crate::inventory::undeclared_locality;
use crate::model::inventory::{AssetKind, Verdict};
use crate::services::Services;

fn read(name: &str, bytes: &[u8]) -> Option<FileInventory> {
    let context = Context { services: Services::embedded().unwrap(), locality: &undeclared_locality };
    IMPORTER.import(&File::new(name, bytes), &context)
}

/// Names of the code that loading runs.
fn code(bytes: &[u8]) -> Vec<String> {
    let found = read("a.pkl", bytes).unwrap();
    let code: Vec<String> =
        found.assets.into_iter().filter(|a| a.kind == AssetKind::RemoteCode).map(|a| a.name).collect();
    assert_eq!(found.verdict == Verdict::Undetermined, !code.is_empty() || !found.notes.is_empty());
    code
}

#[test]
fn a_name_is_followed_through_stack_and_memo() {
    // os and system are stored, dropped, recalled, doubled and put together.
    assert_eq!(code(b"\x80\x04\x8c\x02os\x94\x8c\x06system\x9400h\x00h\x01\x93."), ["os.system"]);
    assert_eq!(code(b"\x80\x02cos\nsystem\nq\x00X\x04\x00\x00\x00true\x85R."), ["os.system"]);
    assert_eq!(code(b"\x80\x02(S'true'\nios\nsystem\n."), ["os.system"]);
    assert_eq!(code(b"\x80\x02(cos\nsystem\nS'true'\no."), ["os.system"]);
}

#[test]
fn a_name_that_cannot_be_read_off_is_code() {
    // Written with an escape; a number where a name should be; put together by a call.
    assert_eq!(code(b"\x80\x04S'o\\x73'\nS'system'\n\x93."), ["a computed name"]);
    assert_eq!(code(b"\x80\x04K\x01S'system'\n\x93."), ["a computed name"]);
    assert_eq!(code(b"\x80\x02\x82\x01."), ["an extension code"]);
}

#[test]
fn a_longer_path_to_the_same_thing_is_not_usual() {
    assert_eq!(code(b"\x80\x04\x8c\x05torch\x8c\x09os.system\x93."), ["torch.os.system"]);
    assert!(code(b"\x80\x04\x8c\x0bcollections\x8c\x0bOrderedDict\x93.").is_empty());
}

#[test]
fn what_stands_before_the_damage_counts() {
    let found = read("x", b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R\xFF").unwrap();
    assert_eq!(found.verdict, Verdict::Undetermined);
    assert_eq!(found.assets[1].name, "os.system");
    let plain = read("a.pt", b"cos\nsystem\n(S'true'\ntR\xFF").unwrap();
    assert_eq!(plain.assets[1].name, "os.system");
}

#[test]
fn other_files_are_passed_by() {
    assert!(read("a.txt", b"cos\nsystem\n(S'true'\ntR.").is_none());
    assert!(read("a.bin", b"config = 1\n[section]\nkey = 2\n").is_none());
    assert!(read("a.dat", b"\x80\x02\xFF\xFF\xFF").is_none());
    assert!(read("a.docx", b"PK\x03\x04 and nothing else").is_none());
    assert!(read("a.bin", b".").is_none());
}

#[test]
fn lengths_that_lie_and_towers_of_marks_are_bounded() {
    let lying = read("a.pkl", b"\x80\x04\x8d\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF").unwrap();
    assert_eq!(lying.verdict, Verdict::Undetermined);
    let mut tower = b"\x80\x04".to_vec();
    tower.resize(3 << 20, b'(');
    let found = read("a.pkl", &tower).unwrap();
    assert!(found.notes.iter().any(|n| n.contains("too many values")), "{:?}", found.notes);
    let mut long = b"\x80\x04".to_vec();
    long.extend_from_slice(&b"N0".repeat(9 << 20));
    let found = read("a.pkl", &long).unwrap();
    assert!(found.notes.iter().any(|n| n.contains("too many operations")), "{:?}", found.notes);
    let mut names = b"\x80\x02".to_vec();
    for n in 0..5000 {
        names.extend_from_slice(format!("cm{n}\nx\n0").as_bytes());
    }
    names.extend_from_slice(b"N.");
    let found = read("a.pkl", &names).unwrap();
    assert_eq!(found.assets.len(), 1 + MOST_NAMED);
    assert_eq!(found.notes.len(), 2);
}
