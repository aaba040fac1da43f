//! The words of one command: what stands before the program, its options, its names.

use super::Word;
use crate::services::programs::{Program, Programs, Takes, Wrapper};

/// A command taken apart.
#[derive(Debug, Default)]
pub(super) struct Args<'w> {
    /// The program as started, without its directory.
    pub(super) program: &'w str,
    pub(super) line: u64,
    /// Options with their values.
    pub(super) options: Vec<Given<'w>>,
    /// Words that are no options.
    pub(super) names: Vec<&'w Word>,
}

/// An option that is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'w> {
    pub(super) name: &'w str,
    pub(super) value: Option<&'w str>,
    pub(super) line: u64,
}

impl<'w> Args<'w> {
    pub(super) fn of(words: &'w [Word], program: &Program, programs: &Programs) -> Args<'w> {
        let Some((first, rest)) = words.split_first() else { return Args::default() };
        let mut args = Args { program: base_name(&first.text), line: first.line, ..Args::default() };
        let mut at = 0;
        while let Some(word) = rest.get(at) {
            at += 1;
            let text = word.text.as_str();
            if text.len() < 2 || !text.starts_with('-') {
                args.names.push(word);
                continue;
            }
            let (name, attached) = text.split_once('=').map_or((text, None), |(name, v)| (name, Some(v)));
            let takes = match programs.flag(program, name).map(|f| f.value) {
                Some(takes) => takes,
                None if program.values.iter().any(|v| v == name) || all_values_of_calls(program, name) => {
                    Takes::Required
                }
                None => Takes::None,
            };
            if let (false, Takes::None, false) = (text.starts_with("--"), takes, program.short.is_empty()) {
                at += args.letters(word, program, rest.get(at));
                continue;
            }
            let next = rest.get(at).filter(|n| attached.is_none() && worth(n, takes));
            if next.is_some() {
                at += 1;
            }
            args.options.push(Given {
                name,
                value: attached.or(next.map(|n| n.text.as_str())),
                line: word.line,
            });
        }
        args
    }

    /// `-sSLo file`: letters without a value, then one with. How many further words were taken.
    fn letters(&mut self, word: &'w Word, program: &Program, next: Option<&'w Word>) -> usize {
        let text = word.text.as_str();
        for (i, letter) in text.char_indices().skip(1) {
            if !program.short.contains(letter) {
                continue;
            }
            let after = text.get(i + letter.len_utf8()..).filter(|v| !v.is_empty());
            let name = known_letter(letter);
            self.options.push(Given {
                name,
                value: after.or(next.map(|n| n.text.as_str())),
                line: word.line,
            });
            return usize::from(after.is_none() && next.is_some());
        }
        self.options.push(Given { name: text, value: None, line: word.line });
        0
    }

    /// The value of the first of these options that is given.
    pub(super) fn value(&self, names: &[String]) -> Option<&'w str> {
        self.options.iter().find(|o| names.iter().any(|n| n == o.name))?.value
    }

    /// Whether one of these options is given.
    pub(super) fn has(&self, names: &[String]) -> bool {
        self.options.iter().any(|o| names.iter().any(|n| n == o.name))
    }
}

/// Options of a call that take a value need not be listed twice.
fn all_values_of_calls(program: &Program, name: &str) -> bool {
    program.calls.iter().any(|call| {
        let lists = [&call.endpoint, &call.region, &call.data, &call.method];
        lists.iter().any(|list| list.iter().any(|n| n == name))
    })
}

/// `-d` for `d`: options are told by their spelling.
fn known_letter(letter: char) -> &'static str {
    const SPELT: [&str; 52] = [
        "-a", "-b", "-c", "-d", "-e", "-f", "-g", "-h", "-i", "-j", "-k", "-l", "-m", "-n", "-o", "-p", "-q",
        "-r", "-s", "-t", "-u", "-v", "-w", "-x", "-y", "-z", "-A", "-B", "-C", "-D", "-E", "-F", "-G", "-H",
        "-I", "-J", "-K", "-L", "-M", "-N", "-O", "-P", "-Q", "-R", "-S", "-T", "-U", "-V", "-W", "-X", "-Y",
        "-Z",
    ];
    SPELT.into_iter().find(|s| s.ends_with(letter)).unwrap_or("-")
}

/// Whether a word is the value of the option before it.
fn worth(next: &Word, takes: Takes) -> bool {
    match takes {
        Takes::None => false,
        Takes::Optional => !next.text.starts_with('-'),
        Takes::Required => !next.text.starts_with("--"),
    }
}

/// The file name of a program, as data spells it.
pub(super) fn base_name(mut word: &str) -> &str {
    // A variable that is not known stands for its default.
    while let Some((_, default)) = word.strip_prefix("${").and_then(|w| w.strip_suffix('}')?.split_once(":-"))
    {
        word = default;
    }
    let file = if word.starts_with("${") { word } else { word.rsplit(['/', '\\']).next().unwrap_or(word) };
    // An image of a container has a tag.
    let file =
        file.split([':', '@']).next().filter(|f| !f.is_empty() && !f.starts_with("${")).unwrap_or(file);
    file.strip_suffix(".exe").unwrap_or(file)
}

/// What is left of a command when what stands before its program is taken away.
#[derive(Debug)]
pub(super) struct Unwrapped<'w> {
    /// From the program that counts.
    pub(super) words: &'w [Word],
    /// Variables that a container is given.
    pub(super) environment: Vec<&'w Word>,
    /// Ports that a container publishes.
    pub(super) published: Vec<&'w Word>,
}

/// Takes away `sudo`, `env A=b`, `python -m`, `docker run IMAGE`. An image that is named like a program is
/// that program.
pub(super) fn unwrapped<'w>(words: &'w [Word], programs: &Programs) -> Unwrapped<'w> {
    let mut out = Unwrapped { words, environment: Vec::new(), published: Vec::new() };
    // Each turn takes a word away.
    while let Some((first, rest)) = out.words.split_first() {
        let name = base_name(&first.text);
        let wrapper = programs.wrappers(name).find_map(|wrapper| {
            let mut rest = rest;
            for own in &wrapper.words {
                rest = rest.split_first().filter(|(w, _)| w.text == *own)?.1;
            }
            Some((wrapper, rest))
        });
        let Some((wrapper, rest)) = wrapper else { break };
        if out.inside(wrapper, rest, programs) {
            break;
        }
    }
    out
}

impl<'w> Unwrapped<'w> {
    /// Leaves the words after a wrapper's own; whether they begin with an image that is a program.
    fn inside(&mut self, wrapper: &Wrapper, mut rest: &'w [Word], programs: &Programs) -> bool {
        let mut positional = wrapper.positional;
        while let Some((word, after)) = rest.split_first() {
            let text = word.text.as_str();
            if wrapper.module.as_deref() == Some(text) {
                rest = after;
                break;
            } else if text == "--" {
                rest = after;
            } else if text.len() > 1 && text.starts_with('-') && (positional > 0 || wrapper.positional == 0) {
                let valued = !text.contains('=') && wrapper.values.iter().any(|v| v == text);
                let (name, _) = text.split_once('=').unwrap_or((text, ""));
                if let Some(value) = after.first().filter(|_| valued) {
                    let listed = |list: &[String]| list.iter().any(|n| n == name);
                    self.environment.extend(listed(&wrapper.environment).then_some(value));
                    self.published.extend(listed(&wrapper.publish).then_some(value));
                }
                rest = if valued { after.get(1..).unwrap_or_default() } else { after };
            } else if super::assignment(text).is_some() {
                rest = after;
            } else if positional > 0 {
                positional -= 1;
                if wrapper.image && programs.program(base_name(text)).is_some_and(|p| !p.general) {
                    self.words = rest;
                    return true;
                }
                rest = after;
            } else {
                break;
            }
        }
        self.words = rest;
        false
    }
}
