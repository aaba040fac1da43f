//! What the expressions of a program may be, without running it.
//!
//! A name may be any of the values it is given. Where nothing in the file decides, what does is named: an
//! environment variable, a command-line option, an argument. Bounded: depth, number of values, steps.

mod call;
mod names;

pub(super) use call::{Known, argument};

use super::program::{Expr, Id, Program, ScopeId};
use super::value::{Fallback, Open, Text, Value};
use crate::services::sdks::{Language, Sdks, Words};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Deepest chain of expressions that is followed.
const DEEPEST: usize = 48;
/// Most values that an expression is taken to have.
const MOST_VALUES: usize = 6;
/// Most steps for one file.
const MOST_STEPS: usize = 400_000;

/// An option of the command line.
#[derive(Debug, Clone)]
struct CommandOption {
    flag: String,
    default: Fallback,
}

pub(super) struct Evaluator<'p> {
    pub(super) program: &'p Program,
    pub(super) language: Language,
    pub(super) sdks: &'static Sdks,
    pub(super) words: Option<&'static Words>,
    cache: RefCell<FxHashMap<Id, Rc<[Value]>>>,
    busy: RefCell<FxHashSet<Id>>,
    depth: Cell<usize>,
    steps: Cell<usize>,
    /// Parts by the scope and name of what they are parts of.
    parts_of_name: FxHashMap<(ScopeId, String), Vec<(String, Id)>>,
    /// Parts by dotted path.
    parts_of_path: BTreeMap<String, Vec<(Id, u64)>>,
    /// Calls of functions of the file, and how many arguments are given before the first.
    sites: FxHashMap<ScopeId, Vec<(Id, usize)>>,
    options: FxHashMap<String, CommandOption>,
}

fn only(value: Value) -> Rc<[Value]> {
    Rc::from([value])
}

impl<'p> Evaluator<'p> {
    pub(super) fn new(program: &'p Program, language: Language) -> Evaluator<'p> {
        let sdks = Sdks::shipped();
        let mut evaluator = Evaluator {
            program,
            language,
            sdks,
            words: sdks.words(language),
            cache: RefCell::default(),
            busy: RefCell::default(),
            depth: Cell::new(0),
            steps: Cell::new(0),
            parts_of_name: FxHashMap::default(),
            parts_of_path: BTreeMap::new(),
            sites: FxHashMap::default(),
            options: FxHashMap::default(),
        };
        evaluator.index();
        evaluator
    }

    /// Whether there was more to evaluate than is done for one file.
    pub(super) fn exhausted(&self) -> bool {
        self.steps.get() >= MOST_STEPS
    }

    /// Counts steps that are taken outside of evaluation.
    pub(super) fn tick(&self, steps: usize) {
        self.steps.set(self.steps.get().saturating_add(steps));
    }

    /// What an expression may be: at least one value.
    pub(super) fn values(&self, id: Id) -> Rc<[Value]> {
        if let Some(known) = self.cache.borrow().get(&id) {
            return Rc::clone(known);
        }
        self.tick(1);
        if self.depth.get() >= DEEPEST || self.exhausted() || !self.busy.borrow_mut().insert(id) {
            return only(Value::Unknown);
        }
        self.depth.set(self.depth.get() + 1);
        let mut values = self.compute(id);
        self.depth.set(self.depth.get() - 1);
        self.busy.borrow_mut().remove(&id);
        if values.iter().any(|v| !matches!(v, Value::Nothing)) {
            values.retain(|v| !matches!(v, Value::Nothing));
        }
        if values.len() > MOST_VALUES {
            values.truncate(MOST_VALUES);
            values.push(Value::Unknown);
        }
        if values.is_empty() {
            values.push(Value::Unknown);
        }
        let values: Rc<[Value]> = Rc::from(values);
        self.cache.borrow_mut().insert(id, Rc::clone(&values));
        values
    }

    /// The first value that an expression has as whole text.
    pub(super) fn text(&self, id: Id) -> Option<String> {
        self.values(id).iter().find_map(Value::whole)
    }

    fn all(&self, ids: &[Id]) -> Vec<Value> {
        ids.iter().take(4 * MOST_VALUES).flat_map(|id| self.values(*id).to_vec()).collect()
    }

    fn compute(&self, id: Id) -> Vec<Value> {
        match self.program.expr(id) {
            Expr::Opaque => vec![Value::Unknown],
            Expr::Text(text) | Expr::Number(text) => vec![Value::Text(Text::known(text))],
            Expr::Joined(pieces) => self.joined(pieces),
            Expr::Bool(b) => vec![Value::Bool(*b)],
            Expr::Nothing => vec![Value::Nothing],
            Expr::Name(name, scope) => self.name(name, *scope),
            Expr::Symbol(path) => match self.parts_of_path.get(path) {
                Some(set) => set.iter().flat_map(|(id, _)| self.values(*id).to_vec()).collect(),
                None => vec![Value::Symbol(path.clone())],
            },
            Expr::Member(of, key) => self.member(*of, key),
            Expr::Index(of, key) => self.index_into(*of, *key),
            Expr::Element(of) => {
                let lists = self.values(*of);
                lists.iter().flat_map(|list| self.elements(list)).collect()
            }
            Expr::Call(call) => self.call(id, call),
            Expr::Either { of, fallback: false } => self.all(of),
            Expr::Either { of, fallback: true } => self.first_of(of),
            Expr::List(_) => vec![Value::List(id)],
            Expr::Map(_) => vec![Value::Map(id)],
            Expr::Function(scope) => vec![Value::Function(*scope)],
            Expr::Class(scope) => vec![Value::Class(*scope)],
            Expr::This(_) => vec![self.program.own_class(id).map_or(Value::Unknown, Value::Instance)],
            Expr::Parameter(scope, at) => match self.program.own_class_of_parameter(*scope, *at) {
                Some(class) => vec![Value::Instance(class)],
                None => self.parameter(*scope, *at),
            },
        }
    }

    fn joined(&self, pieces: &[Id]) -> Vec<Value> {
        let mut texts = vec![Text::default()];
        for piece in pieces.iter().take(64) {
            let values = self.values(*piece);
            let mut next = Vec::new();
            for value in values.iter() {
                for text in &texts {
                    let mut text = text.clone();
                    text.push(&value.to_text());
                    next.push(text);
                }
            }
            next.truncate(MOST_VALUES);
            texts = next;
        }
        texts.into_iter().map(Value::Text).collect()
    }

    /// `a or b`, `a ?? b`.
    fn first_of(&self, of: &[Id]) -> Vec<Value> {
        let Some((first, rest)) = of.split_first() else { return Vec::new() };
        if rest.is_empty() {
            return self.values(*first).to_vec();
        }
        let mut out = Vec::new();
        for value in self.values(*first).iter() {
            match value {
                Value::Nothing | Value::Bool(false) => out.extend(self.first_of(rest)),
                Value::Text(text) if text.whole().is_some_and(|t| t.is_empty()) => {
                    out.extend(self.first_of(rest))
                }
                Value::Open(open) if matches!(open.default, Fallback::Text(ref t) if !t.is_empty()) => {
                    out.push(value.clone());
                }
                Value::Open(open) => {
                    for other in self.first_of(rest) {
                        let mut names = open.names.clone();
                        if let Value::Open(other) = &other {
                            names.extend(other.names.iter().cloned());
                        }
                        out.push(match other {
                            Value::Text(_) | Value::Open(_) | Value::Nothing | Value::Bool(_) => {
                                Value::Open(Open { names, default: other.to_fallback() })
                            }
                            other => other,
                        });
                    }
                }
                Value::Unknown => {
                    out.push(Value::Unknown);
                    out.extend(self.first_of(rest));
                }
                other => out.push(other.clone()),
            }
        }
        out
    }

    fn elements(&self, list: &Value) -> Vec<Value> {
        match list {
            Value::List(id) => match self.program.expr(*id) {
                Expr::List(items) => self.all(items),
                _ => vec![Value::Unknown],
            },
            _ => vec![Value::Unknown],
        }
    }

    fn index_into(&self, of: Id, key: Id) -> Vec<Value> {
        let Some(key) = self.text(key) else { return vec![Value::Unknown] };
        let lists = self.values(of);
        if let [Value::List(list)] = &*lists
            && let (Expr::List(items), Ok(at)) = (self.program.expr(*list), key.parse::<usize>())
        {
            return items.get(at).map_or_else(|| vec![Value::Unknown], |id| self.values(*id).to_vec());
        }
        let mut values = self.member(of, &key);
        // An index that is not there raises; an attribute of an object of variables is merely undefined.
        if self.language == Language::Python {
            for value in &mut values {
                if let Value::Open(open) = value
                    && open.names == [key.clone()]
                    && open.default == Fallback::Nothing
                {
                    open.default = Fallback::Required;
                }
            }
        }
        values
    }
}
