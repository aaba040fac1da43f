//! What a call carries, from the names of its arguments and of the keys in them.

use super::evaluate::Evaluator;
use super::program::{Argument, Expr, Id};
use super::value::Value;
use crate::model::{DataKind, DataKinds};

/// Deepest nesting of keys that is looked into.
const DEEPEST: usize = 6;
/// Most entries of one list or map that are looked at.
const MOST: usize = 64;

/// What was seen.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Carried {
    pub(super) kinds: DataKinds,
    /// Whether part of it is made where it cannot be seen.
    pub(super) hidden: bool,
}

impl Evaluator<'_> {
    /// What the arguments carry. `body` and `body_at` say in which of them keys and values are sent.
    pub(super) fn carried(&self, arguments: &[Argument], body: &[String], body_at: Option<usize>) -> Carried {
        let mut carried = Carried::default();
        for (at, argument) in arguments.iter().enumerate() {
            match &argument.name {
                _ if argument.spread => carried.hidden = true,
                Some(name) => self.pair(name, argument.value, body, &mut carried, 0),
                None => {
                    self.item(argument.value, body, body_at == Some(at), &mut carried, 0);
                }
            }
        }
        carried
    }

    /// A key with its value.
    fn pair(&self, key: &str, value: Id, body: &[String], carried: &mut Carried, depth: usize) {
        let is_body = body.iter().any(|b| b == key);
        if self.values(value).iter().all(|v| matches!(v, Value::Nothing)) {
            return;
        }
        let nested = self.item(value, body, is_body, carried, depth);
        match self.sdks.kind(key) {
            Some(kind) => carried.kinds.insert(kind),
            None if !nested && self.is_file(value) => carried.kinds.insert(DataKind::Image),
            None => {}
        }
    }

    /// A value that may hold keys; whether it does.
    fn item(&self, id: Id, body: &[String], is_body: bool, carried: &mut Carried, depth: usize) -> bool {
        self.tick(1);
        if depth >= DEEPEST || self.exhausted() {
            let holds = |v: &Value| matches!(v, Value::Map(_) | Value::List(_));
            carried.hidden |= self.exhausted() || self.values(id).iter().any(holds);
            return false;
        }
        let mut nested = false;
        for (key, value) in self.parts(id).iter().take(MOST) {
            self.pair(key, *value, body, carried, depth + 1);
            nested = true;
        }
        let given_parts = nested;
        for value in self.values(id).iter() {
            match value {
                Value::Map(map) => {
                    let Expr::Map(entries) = self.program.expr(*map) else { continue };
                    nested = true;
                    for (key, value) in entries.iter().take(MOST) {
                        match key {
                            Some(key) => self.pair(key, *value, body, carried, depth + 1),
                            None => {
                                self.item(*value, body, is_body, carried, depth + 1);
                            }
                        }
                    }
                }
                Value::List(list) => {
                    let Expr::List(items) = self.program.expr(*list) else { continue };
                    for item in items.iter().take(MOST) {
                        self.item(*item, body, false, carried, depth + 1);
                    }
                }
                // Text is not looked into: what it says is nobody's business here. Nothing is nothing.
                Value::Text(_) | Value::Bool(_) | Value::Nothing => {}
                _ if self.is_file(id) => carried.kinds.insert(DataKind::Image),
                _ => {
                    carried.hidden |= is_body && !given_parts && !self.is_dict_call(id, body, carried, depth)
                }
            }
        }
        nested
    }

    /// `dict(prompt=...)`: keywords are keys.
    fn is_dict_call(&self, id: Id, body: &[String], carried: &mut Carried, depth: usize) -> bool {
        let Some(call) = self.program.call(id) else { return false };
        let named = call.arguments.iter().filter_map(|a| a.name.as_ref().map(|n| (n, a.value)));
        let is_dict = matches!(self.program.expr(call.callee), Expr::Name(name, _) if name == "dict");
        if is_dict {
            named.for_each(|(name, value)| self.pair(name, value, body, carried, depth + 1));
        }
        is_dict
    }

    /// Whether an expression is an open file, or data made of one.
    fn is_file(&self, id: Id) -> bool {
        let Some(words) = self.words else { return false };
        let is = |id: Id| {
            let Some(call) = self.program.call(id) else { return false };
            self.values(call.callee).iter().any(|v| match v {
                Value::Symbol(path) => words.files.contains(path),
                _ => false,
            })
        };
        match self.program.expr(id) {
            Expr::Name(name, scope) => {
                self.program.look_up(*scope, name).is_some_and(|(_, ids)| ids.iter().any(|id| is(*id)))
            }
            Expr::Call(call) => {
                // `open(...).read()`
                let read = match self.program.expr(call.callee) {
                    Expr::Member(of, _) => is(*of),
                    _ => false,
                };
                is(id) || read
            }
            _ => false,
        }
    }
}
