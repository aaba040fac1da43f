//! A program being read: what is looked up again and again.

use super::evaluate::{Evaluator, argument};
use super::program::{Argument, Expr, Id};
use super::value::Value;
use crate::inventory::Context;
use crate::model::inventory::{Asset, Operation, Where};
use crate::services::sdks::{Client, Package};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Reader<'a> {
    pub(super) evaluator: &'a Evaluator<'a>,
    pub(super) context: &'a Context<'a>,
    pub(super) path: &'a str,
    /// Arguments of calls that set up a package for everything that follows, by package.
    pub(super) setups: FxHashMap<usize, Vec<&'a [Argument]>>,
    /// Variables that the file sets, to what, and where.
    pub(super) set: BTreeMap<String, Vec<(Option<String>, u64)>>,
    /// Operations with the offset that orders them.
    pub(super) operations: Vec<Operation>,
    pub(super) assets: Vec<Asset>,
    pub(super) notes: BTreeSet<String>,
    /// Packages, by index, of which something was called; clients that were made.
    pub(super) used: BTreeSet<usize>,
    /// Hosts that an operation goes to.
    pub(super) hosts: BTreeSet<String>,
    /// Whether a command that it runs was not read whole.
    pub(super) partial: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(evaluator: &'a Evaluator<'a>, context: &'a Context<'a>, path: &'a str) -> Reader<'a> {
        let mut set: BTreeMap<String, Vec<(Option<String>, u64)>> = BTreeMap::new();
        for (name, id, line) in evaluator.set_variables() {
            set.entry(name).or_default().push((evaluator.text(id), line));
        }
        let mut reader = Reader {
            evaluator,
            context,
            path,
            setups: FxHashMap::default(),
            set,
            operations: Vec::new(),
            assets: Vec::new(),
            notes: BTreeSet::new(),
            used: BTreeSet::new(),
            hosts: BTreeSet::new(),
            partial: false,
        };
        reader.find_setups();
        reader
    }

    fn find_setups(&mut self) {
        for id in &self.evaluator.program.calls {
            let Some(call) = self.evaluator.program.call(*id) else { continue };
            for value in self.evaluator.values(call.callee).iter() {
                let Value::Symbol(path) = value else { continue };
                let Some((package, rest)) = self.evaluator.sdks.resolve(self.evaluator.language, path) else {
                    continue;
                };
                let is = |c: &Client| c.setup.iter().any(|s| s == rest);
                if package.client.iter().any(is)
                    && let Some(index) = self.evaluator.sdks.index_of(package)
                {
                    self.setups.entry(index).or_default().push(&call.arguments);
                }
            }
        }
    }

    pub(super) fn place(&self, id: Id) -> Where {
        Where::line(self.path, self.evaluator.program.line(id))
    }

    /// The argument of a name: a keyword, or a key of an object among the arguments.
    pub(super) fn named(&self, arguments: &[Argument], name: &str) -> Option<Id> {
        if let Some(found) = argument(arguments, name) {
            return Some(found.value);
        }
        for of in arguments.iter().filter(|a| a.name.is_none()) {
            for value in self.evaluator.values(of.value).iter() {
                let Value::Map(map) = value else { continue };
                let Expr::Map(entries) = self.evaluator.program.expr(*map) else { continue };
                self.evaluator.tick(entries.len());
                if self.evaluator.exhausted() {
                    return None;
                }
                if let Some((_, id)) = entries.iter().rev().find(|(k, _)| k.as_deref() == Some(name)) {
                    return Some(*id);
                }
            }
            self.evaluator.tick(self.evaluator.parts(of.value).len());
            if let Some((_, id)) = self.evaluator.parts(of.value).iter().find(|(key, _)| key == name) {
                return Some(*id);
            }
        }
        None
    }

    /// The argument at a position, if no keyword or spread stands before it.
    pub(super) fn at(&self, arguments: &[Argument], at: usize) -> Option<Id> {
        let positional = arguments.iter().take_while(|a| a.name.is_none() && !a.spread);
        positional.map(|a| a.value).nth(at)
    }

    /// Whether an argument is there and true.
    pub(super) fn is_true(&self, id: Id) -> bool {
        self.evaluator.values(id).iter().any(|v| matches!(v, Value::Bool(true)))
    }

    /// What the file sets a variable to.
    pub(super) fn set_to(&self, variable: &str) -> Option<&str> {
        self.set.get(variable)?.iter().rev().find_map(|(value, _)| value.as_deref())
    }

    pub(super) fn package(&self, index: usize) -> Option<&'static Package> {
        self.evaluator.sdks.packages().get(index)
    }
}
