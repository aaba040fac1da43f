//! From text to a program: the parser, its bounds, and what both languages share in lowering a tree.

use super::program::{Expr, Id, Program, ScopeId};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use tree_sitter::{Language, Node, ParseOptions, Parser, Tree};

/// Deepest nesting of expressions that is lowered.
const DEEPEST: usize = 96;
/// Most steps of the parser: so many for every byte, and a start. It counts a hundred of its own as one.
const STEPS_PER_BYTE: usize = 1;
const STEPS: usize = 20_000;

/// A program, and what a reader should know about how it was read.
pub(in crate::inventory) struct Parsed {
    pub(in crate::inventory) program: Program,
    /// Lines for the shell beside it, each with its line.
    pub(in crate::inventory) commands: Vec<(String, u64)>,
    pub(in crate::inventory) notes: Vec<String>,
    /// Whether part of it could not be read.
    pub(in crate::inventory) partial: bool,
}

/// A grammar, with a name to keep its parser under.
#[derive(Clone, Copy)]
pub(in crate::inventory) struct Grammar {
    pub(in crate::inventory) name: &'static str,
    pub(in crate::inventory) language: fn() -> Language,
}

/// Text of code. Lines of the file, if they are not those of the text.
pub(in crate::inventory) struct Source<'s> {
    pub(in crate::inventory) text: &'s str,
    pub(in crate::inventory) lines: Option<&'s [u64]>,
}

impl Source<'_> {
    pub(in crate::inventory) fn line(&self, row: usize) -> u64 {
        self.lines.and_then(|lines| lines.get(row).copied()).unwrap_or(row as u64 + 1)
    }
}

/// The text of a file of code; damaged characters are replaced, and whether there were any.
pub(in crate::inventory) fn text(bytes: &[u8]) -> (std::borrow::Cow<'_, str>, bool) {
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes));
    let damaged = matches!(text, std::borrow::Cow::Owned(_));
    (text, damaged)
}

/// Parses and lowers; what cannot be parsed is noted.
pub(in crate::inventory) fn parse<'s>(
    source: &Source<'s>,
    grammar: Grammar,
    lower: for<'t> fn(&mut Lowering<'_>, Node<'t>),
) -> Parsed {
    let mut parsed =
        Parsed { program: Program::new(), commands: Vec::new(), notes: Vec::new(), partial: false };
    let Some(tree) = tree(source.text, grammar) else {
        parsed.partial = true;
        parsed.notes.push("not parsed: it takes more steps than are given to a file".to_owned());
        return parsed;
    };
    let root = tree.root_node();
    if let Some(line) = first_error(root).map(|row| source.line(row)) {
        parsed.partial = true;
        parsed.notes.push(format!("not all of it could be parsed (first at line {line})"));
    }
    let mut lowering = Lowering { source, program: parsed.program, depth: 0 };
    lower(&mut lowering, root);
    parsed.program = lowering.program;
    parsed
}

fn tree(text: &str, grammar: Grammar) -> Option<Tree> {
    thread_local! {
        static PARSERS: RefCell<BTreeMap<&'static str, Parser>> = const { RefCell::new(BTreeMap::new()) };
    }
    PARSERS.with_borrow_mut(|parsers| {
        let parser = parsers.entry(grammar.name).or_insert_with(|| {
            let mut parser = Parser::new();
            // A grammar of another age than the library gives no tree, which is noted.
            let _ = parser.set_language(&(grammar.language)());
            parser
        });
        let bytes = text.as_bytes();
        let mut left = STEPS + bytes.len().saturating_mul(STEPS_PER_BYTE);
        let mut progress = |_: &tree_sitter::ParseState| {
            left = left.saturating_sub(1);
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let tree = parser.parse_with_options(&mut read, None, Some(options));
        if tree.is_none() {
            parser.reset();
        }
        tree
    })
}

/// Row of the first error, if there is one.
fn first_error(root: Node<'_>) -> Option<usize> {
    let mut node = root;
    if !node.has_error() {
        return None;
    }
    while !(node.is_error() || node.is_missing()) {
        let Some(child) = all_children(node).into_iter().find(|c| c.has_error() || c.is_missing()) else {
            break;
        };
        node = child;
    }
    Some(node.start_position().row)
}

fn all_children(node: Node<'_>) -> Vec<Node<'_>> {
    node.children(&mut node.walk()).collect()
}

/// The named children of a node, without comments.
pub(in crate::inventory) fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.named_children(&mut node.walk()).filter(|n| n.kind() != "comment").collect()
}

/// The field of a node.
pub(in crate::inventory) fn field<'t>(node: Node<'t>, name: &str) -> Option<Node<'t>> {
    node.child_by_field_name(name)
}

/// A tree on its way to a program.
pub(in crate::inventory) struct Lowering<'s> {
    source: &'s Source<'s>,
    pub(in crate::inventory) program: Program,
    depth: usize,
}

impl Lowering<'_> {
    pub(in crate::inventory) fn text(&self, node: Node<'_>) -> String {
        self.source.text.get(node.byte_range()).unwrap_or_default().to_owned()
    }

    pub(in crate::inventory) fn line(&self, node: Node<'_>) -> u64 {
        self.source.line(node.start_position().row)
    }

    pub(in crate::inventory) fn add(&mut self, expr: Expr, node: Node<'_>) -> Id {
        let line = self.line(node);
        self.program.add(expr, line)
    }

    /// Goes one level deeper, unless that is too deep; [`Lowering::leave`] goes back.
    pub(in crate::inventory) fn enter(&mut self, node: Node<'_>) -> bool {
        if self.depth >= DEEPEST {
            let line = self.line(node);
            self.program.too_deep.get_or_insert(line);
            return false;
        }
        self.depth += 1;
        true
    }

    pub(in crate::inventory) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Binds a name to what an import gives.
    pub(in crate::inventory) fn import(&mut self, scope: ScopeId, name: &str, path: String, node: Node<'_>) {
        let line = self.line(node);
        self.program.imports.push((path.clone(), line));
        let id = self.program.add(Expr::Symbol(path), line);
        self.program.bind(scope, name, id);
    }
}
