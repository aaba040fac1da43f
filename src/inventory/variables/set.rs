//! Variables in the order of their file, each once: of a name met twice the last counts.

use super::{Given, Variable};
use rustc_hash::FxHashMap;

/// Most variables of one program.
const MOST: usize = 10_000;

#[derive(Debug, Default, Clone)]
pub(in crate::inventory) struct Set {
    list: Vec<Variable>,
    at: FxHashMap<String, usize>,
    /// Whether there were more than are kept.
    pub(in crate::inventory) full: bool,
}

impl Set {
    pub(in crate::inventory) fn put(&mut self, variable: Variable) {
        if let Some(at) = self.at.get(&variable.name) {
            if let Some(before) = self.list.get_mut(*at) {
                *before = variable;
            }
        } else if self.list.len() < MOST {
            self.at.insert(variable.name.clone(), self.list.len());
            self.list.push(variable);
        } else {
            self.full = true;
        }
    }

    pub(in crate::inventory) fn given(&self, name: &str) -> Option<Given> {
        self.at.get(name).and_then(|at| self.list.get(*at)).map(|v| v.given.clone())
    }

    pub(in crate::inventory) fn list(&self) -> &[Variable] {
        &self.list
    }
}
