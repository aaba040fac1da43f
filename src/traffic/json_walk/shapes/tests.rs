//! Lines of known shapes, and lines that only look like them.

use super::super::{Reader, lines, set};
use super::*;
use crate::model::At;
use crate::traffic::{Block, Health, NameFact, Settled, Sink};

struct Nothing;

impl Sink for Nothing {
    fn record(&mut self, _: At, _: &[u8], _: Settled<'_, '_>) {}
    fn name(&mut self, _: &NameFact<'_>) {}
    fn health(&mut self, _: Health) {}
}

/// A schema that wants a little of everything.
struct Little;

#[derive(Default)]
struct Said {
    text: Option<String>,
    number: Option<u64>,
    lists: String,
}

const LIST: Context = 2;
const LISTED: Context = 3;

impl Schema for Little {
    type Record<'a> = Said;

    fn member(inside: Context, key: &[u8]) -> Option<Member<Little>> {
        match (inside, key) {
            (TOP, b"text") => Member::plain(|r, v| set(&mut r.text, v.text().map(|t| t.into_owned()))),
            (TOP | LISTED, b"number") => Member::plain(|r, v| set(&mut r.number, v.number())),
            (TOP, b"list") => Member::with(LIST, |_, v| v.list()),
            _ => None,
        }
    }

    fn within(array: Context) -> Context {
        if array == LIST { LISTED } else { IGNORED }
    }

    fn element(said: &mut Said, _: Context) {
        said.lists.push('+');
    }

    fn array(said: &mut Said, _: Context, text: &[u8]) -> Result<(), Unsure> {
        said.lists += &String::from_utf8_lossy(text);
        Ok(())
    }
}

/// What the shapes that a reader knows tell of a line.
fn by_shape(reader: &mut Reader<Little>, line: &str) -> Option<String> {
    let mut lines = lines(Block { bytes: line.as_bytes(), offset: 0, line: 1, last: true });
    let line = lines.next(&mut Nothing)?;
    let mut said = Said::default();
    reader.shapes.read(&line, &mut said).ok()?;
    Some(format!("{:?} {:?} {}", said.text, said.number, said.lists))
}

fn learn(reader: &mut Reader<Little>, line: &str) {
    let mut lines = lines(Block { bytes: line.as_bytes(), offset: 0, line: 1, last: true });
    let line = lines.next(&mut Nothing).unwrap();
    reader.read(&line, &mut Said::default()).unwrap();
}

#[test]
fn a_line_of_a_known_shape_says_its_own_values() {
    let mut reader = Reader::default();
    let list = r#"[{"number":7,"z":true},{"y":["v"]},{}]"#;
    let line = format!(r#"{{"text":"a","x":{{"number":1,"y":[{{}},["z"]]}},"list":{list},"n":0}}"#);
    assert_eq!(by_shape(&mut reader, &line), None);
    learn(&mut reader, &line);
    assert_eq!(by_shape(&mut reader, &line), Some(format!(r#"Some("a") Some(7) +++{list}"#)));
    let changed = |text: &str| text.replace(r#""a""#, r#""""#).replace(":7", ":12").replace('v', "vv");
    let other = Some(format!(r#"Some("") Some(12) +++{}"#, changed(list)));
    assert_eq!(by_shape(&mut reader, &changed(&line)), other);
    for (from, to) in [
        (":7", ":07"),
        (":7", ":"),
        (":7", ":7.5"),
        (":7", ":-7"),
        (":7", ":99999999999999999999"),
        (r#""a""#, r#""\n""#),
        (r#""a""#, "\"a\tb\""),
        (r#""a""#, "\"\u{e9}\""),
        (r#""a""#, "7"),
        ("true", "false"),
        (r#""z":"#, r#""zz":"#),
        ("]]},", "]] },"),
        (":0}", ":0}}"),
        (":0}", ":0"),
        (":0}", ":0,"),
        (":0}", ":0} "),
    ] {
        assert_eq!(by_shape(&mut reader, &line.replace(from, to)), None, "{from} {to}");
    }
}

#[test]
fn shapes_part_where_lines_do() {
    let mut reader = Reader::default();
    let lines = [
        r#"{"a":1,"text":"b"}"#,
        r#"{"a":1,"text":"b","number":1}"#,
        r#"{"a":1,"number":1}"#,
        r#"{"a":"","text":"b"}"#,
        r#"{"a":{"b":1},"text":"b"}"#,
        r#"{"a":{"b":1}}"#,
        r"{}",
    ];
    lines.iter().for_each(|line| learn(&mut reader, line));
    for line in lines {
        assert!(by_shape(&mut reader, line).is_some(), "{line}");
    }
}

#[test]
fn shapes_take_bounded_room_and_are_learnt_while_it_pays() {
    let mut reader = Reader::default();
    for n in 0..2_000 {
        let members: Vec<_> = (0..50).map(|i| format!("\"k{n}_{i}\":1")).collect();
        learn(&mut reader, &format!(r#"{{"a":{{{}}},"text":"x"}}"#, members.join(",")));
        let Shapes { nodes, literals, .. } = &reader.shapes;
        assert!(nodes.len() <= NODES && literals.len() <= BYTES);
    }
    assert_eq!(reader.shapes.learnt, AT_FIRST + 1);
}
