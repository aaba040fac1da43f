//! The elements of an array inside one JSON document (RFC 8259), one at a time.
//!
//! The document is never held whole: keys lead to the array, everything beside it is passed over, and
//! each element is cut out by following strings and brackets. An element is cut, not validated: its
//! reader does that. The same key met twice is followed twice, so a second array hides nothing.

use super::json_scan::Scan;
use super::{Halt, Piece, Window};

/// Longest key that is compared; longer ones cannot be on the path.
const KEY_MAX: usize = 256;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Root,
    Key { first: bool },
    AfterValue,
    Element { first: bool },
    AfterElement,
    Ended,
}

/// How the end of a value was found.
enum Extent {
    /// It lies in view, so many bytes.
    InView(usize),
    /// It was longer than allowed and is behind; its length.
    Behind(u64),
}

/// The elements of the array at a path of keys.
pub struct JsonValues {
    path: &'static [&'static str],
    max: usize,
    state: State,
    level: usize,
    found: bool,
    taken: usize,
    failed: bool,
}

impl JsonValues {
    /// Elements of at most `max` bytes of the array at `path`, keys from the root.
    #[must_use]
    pub fn new(path: &'static [&'static str], max: usize) -> JsonValues {
        JsonValues { path, max, state: State::Root, level: 0, found: false, taken: 0, failed: false }
    }

    /// The next element, `None` at the end of the document.
    ///
    /// # Errors
    /// Where the document breaks, and those of the source.
    pub fn next<'w>(&mut self, window: &'w mut Window<'_>) -> Result<Option<Piece<'w>>, Halt> {
        window.consume(std::mem::take(&mut self.taken));
        if self.failed {
            return Ok(None);
        }
        let step = self.step(window);
        self.failed = step.is_err();
        let (offset, line) = (window.offset(), window.line());
        Ok(match step? {
            None => None,
            Some(Step::Value(length)) => {
                self.taken = length;
                Some(Piece::Records { bytes: window.first(length), offset, line, last: false })
            }
            Some(Step::TooLong(piece)) => Some(piece),
        })
    }

    fn step(&mut self, window: &mut Window<'_>) -> Result<Option<Step>, Halt> {
        loop {
            let next = space(window)?;
            match (self.state, next) {
                (State::Root, Some(b'{')) => {
                    window.consume(1);
                    self.state = State::Key { first: true };
                }
                (State::Root, _) => return Err(window.halt_at(0, "this is no JSON object", false)),
                (State::Key { first: true } | State::AfterValue, Some(b'}')) => {
                    window.consume(1);
                    self.state = if self.level == 0 { State::Ended } else { State::AfterValue };
                    self.level = self.level.saturating_sub(1);
                }
                (State::Key { .. }, Some(b'"')) => self.key(window)?,
                (State::AfterValue, Some(b',')) => {
                    window.consume(1);
                    self.state = State::Key { first: false };
                }
                (State::Element { first: true } | State::AfterElement, Some(b']')) => {
                    window.consume(1);
                    self.state = State::AfterValue;
                }
                (State::AfterElement, Some(b',')) => {
                    window.consume(1);
                    self.state = State::Element { first: false };
                }
                (State::Element { .. }, Some(b)) if starts_value(b) => {
                    self.state = State::AfterElement;
                    let (offset, line) = (window.offset(), window.line());
                    return Ok(Some(match value(window, Some(self.max))? {
                        Extent::InView(length) => Step::Value(length),
                        Extent::Behind(length) => Step::TooLong(Piece::TooLong { offset, length, line }),
                    }));
                }
                (State::Ended, None) if self.found => return Ok(None),
                (State::Ended, None) => {
                    return Err(window.halt_at(
                        0,
                        format!("there is no array `{}`", self.path.join(".")),
                        false,
                    ));
                }
                (State::Ended, Some(_)) => {
                    return Err(window.halt_at(0, "something follows the end of the JSON document", false));
                }
                (_, None) => return Err(window.halt_at(0, "the JSON document is cut off", false)),
                (_, Some(_)) => return Err(window.halt_at(0, "this is not valid JSON", false)),
            }
        }
    }

    /// Reads a key and goes down if it is the next on the path.
    fn key(&mut self, window: &mut Window<'_>) -> Result<(), Halt> {
        let wanted = self.path.get(self.level).copied();
        let on_path = match value(window, Some(KEY_MAX))? {
            Extent::InView(length) => {
                let on_path =
                    serde_json::from_slice::<String>(window.first(length)).ok().as_deref() == wanted;
                window.consume(length);
                on_path
            }
            Extent::Behind(_) => false,
        };
        if space(window)? != Some(b':') {
            return Err(window.halt_at(0, "a `:` is missing in the JSON document", false));
        }
        window.consume(1);
        let next = space(window)?;
        let innermost = self.level + 1 == self.path.len();
        match next {
            Some(b'[') if on_path && innermost => {
                window.consume(1);
                self.found = true;
                self.state = State::Element { first: true };
            }
            Some(b'{') if on_path && !innermost => {
                window.consume(1);
                self.level += 1;
                self.state = State::Key { first: true };
            }
            Some(b) if starts_value(b) => {
                if let Extent::InView(length) = value(window, None)? {
                    window.consume(length);
                }
                self.state = State::AfterValue;
            }
            _ => return Err(window.halt_at(0, "a value is missing in the JSON document", false)),
        }
        Ok(())
    }
}

enum Step {
    Value(usize),
    TooLong(Piece<'static>),
}

fn starts_value(b: u8) -> bool {
    matches!(b, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

/// Passes over white space; the byte that follows it.
fn space(window: &mut Window<'_>) -> Result<Option<u8>, Halt> {
    loop {
        let ahead = window.bytes();
        match ahead.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')) {
            Some(n) => {
                let found = ahead.get(n).copied();
                window.consume(n);
                return Ok(found);
            }
            None if window.is_done() => {
                window.consume(ahead.len());
                return Ok(None);
            }
            None => {
                window.consume(ahead.len());
                window.fill()?;
            }
        }
    }
}

/// Finds the end of the value that begins in view. With `keep`, a value of up to so many bytes stays in
/// view and a longer one is passed over; without, it is passed over as it goes.
fn value(window: &mut Window<'_>, keep: Option<usize>) -> Result<Extent, Halt> {
    let begin = window.offset();
    let (mut scan, mut seen) = (Scan::default(), 0);
    loop {
        let ahead = window.bytes().get(seen..).unwrap_or_default();
        let found = if seen > 0 || window.offset() > begin { scan.resume(ahead) } else { scan.go(ahead) };
        let length = window.offset() - begin + (seen + found.unwrap_or(ahead.len())) as u64;
        let kept = keep.is_some_and(|max| length <= max as u64);
        match found {
            Some(n) if kept => return Ok(Extent::InView(seen + n)),
            Some(n) => {
                window.consume(seen + n);
                return Ok(Extent::Behind(length));
            }
            None if window.is_done() => {
                let inside = keep.is_some_and(|max| max > KEY_MAX);
                return Err(window.halt_at(window.bytes().len(), "the JSON document is cut off", inside));
            }
            None => {}
        }
        seen += ahead.len();
        if !kept {
            window.consume(seen);
            seen = 0;
        }
        window
            .fill()
            .map_err(|halt| Halt { inside_record: keep.is_some_and(|max| max > KEY_MAX), ..halt })?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::{Decoded, Input, Intake};

    fn cut(text: &str, block: usize, max: usize) -> (Vec<(u64, String)>, Option<Halt>) {
        let bytes = text.as_bytes();
        let (decoded, _) = Decoded::open(Input::At(&bytes), Intake::default()).unwrap();
        let (mut window, mut out) = (Window::new(decoded, block), Vec::new());
        let mut values = JsonValues::new(&["log", "entries"], max);
        loop {
            match values.next(&mut window) {
                Ok(Some(Piece::Records { bytes, offset, .. })) => {
                    out.push((offset, String::from_utf8_lossy(bytes).into_owned()));
                }
                Ok(Some(Piece::TooLong { offset, length, .. })) => out.push((offset, format!("<{length}>"))),
                Ok(None) => return (out, None),
                Err(halt) => return (out, Some(halt)),
            }
        }
    }

    #[test]
    fn elements_come_out_whole_at_any_block_size() {
        let text = r#" { "entries": [0], "x": {"log": {"entries": ["not this"]}},
            "log": { "a\"]}": [1,[2,{"b":"]}\\"}]], "entries": [ {"u":"a]}\"","k":[{}]} , "s\\", -1.5e3,true,
            [1,[2]], {"long":"0123456789012345678901234567890123456789"} ], "z": null },
            "log": {"entries": [], "entr\u0069es": [7]} } "#;
        let (whole, halt) = cut(text, 4096, 40);
        let values: Vec<_> = whole.iter().map(|(_, v)| v.as_str()).collect();
        assert_eq!(
            values,
            [r#"{"u":"a]}\"","k":[{}]}"#, r#""s\\""#, "-1.5e3", "true", "[1,[2]]", "<51>", "7"]
        );
        assert_eq!(halt, None);
        for (at, v) in whole.iter().filter(|(_, v)| !v.starts_with('<')) {
            assert!(text[*at as usize..].starts_with(v));
        }
        for block in 1..90 {
            assert_eq!(cut(text, block, 40), (whole.clone(), None), "block {block}");
        }
    }

    #[test]
    fn a_broken_document_says_where() {
        let place = |text: &str| {
            let (n, h) = cut(text, 7, 1000);
            let h = h.unwrap();
            (n.len(), h.why, h.line, h.column, h.inside_record)
        };
        let s = |s: &str| s.to_owned();
        assert_eq!(place("[1]"), (0, s("this is no JSON object"), 1, 1, false));
        assert_eq!(place(""), (0, s("this is no JSON object"), 1, 1, false));
        assert_eq!(place("{\"a\": 1}"), (0, s("there is no array `log.entries`"), 1, 9, false));
        assert_eq!(
            place("{\"log\":\n {\"entries\": [{}, {\"a"),
            (1, s("the JSON document is cut off"), 2, 22, true)
        );
        assert_eq!(place("{\"log\":{\"entries\":[{}"), (1, s("the JSON document is cut off"), 1, 22, false));
        assert_eq!(place("{\"log\":{\"entries\":[{} {}]}}"), (1, s("this is not valid JSON"), 1, 23, false));
        assert_eq!(
            place("{\"log\":{\"entries\":[]}} x"),
            (0, s("something follows the end of the JSON document"), 1, 24, false)
        );
        assert_eq!(place("{\"log\" 1}"), (0, s("a `:` is missing in the JSON document"), 1, 8, false));
    }
}
