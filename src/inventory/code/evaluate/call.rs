//! What calls give, and what they mean to a client library.

use super::Evaluator;
use crate::inventory::code::program::{Argument, Call, Expr, Id};
use crate::inventory::code::value::{Fallback, Made, Open, Piece, Text, Value};
use crate::services::sdks::{self, Client, Package};
use std::rc::Rc;

/// A call that the list of client libraries knows.
#[derive(Debug, Clone)]
pub(in crate::inventory::code) struct Known {
    pub(in crate::inventory::code) made: Rc<Made>,
    pub(in crate::inventory::code) call: &'static sdks::Call,
    /// Path below the client, as the file spells it.
    pub(in crate::inventory::code) path: String,
}

impl Evaluator<'_> {
    pub(super) fn call(&self, id: Id, call: &Call) -> Vec<Value> {
        if let Expr::Member(of, method) = self.program.expr(call.callee) {
            let texts: Vec<Value> = self
                .values(*of)
                .iter()
                .filter(|v| matches!(v, Value::Text(_) | Value::Open(_)))
                .cloned()
                .collect();
            if method == "format" && !texts.is_empty() {
                return texts.iter().map(|t| Value::Text(formatted(&t.to_text()))).collect();
            }
            if !texts.is_empty() && self.words.is_some_and(|w| w.through_methods.contains(method)) {
                return texts;
            }
        }
        let mut out = Vec::new();
        for callee in self.values(call.callee).iter() {
            match callee {
                Value::Symbol(path) => out.extend(self.called_symbol(id, call, path)),
                Value::Object(made, path) => out.push(self.called_object(id, made, path)),
                Value::Function(scope) => {
                    let returns =
                        self.program.scopes.get(*scope).map(|s| s.returns.clone()).unwrap_or_default();
                    out.extend(self.all(&returns));
                }
                Value::Class(class) => out.push(Value::Instance(*class)),
                _ => out.push(Value::Unknown),
            }
        }
        out
    }

    fn called_symbol(&self, id: Id, call: &Call, path: &str) -> Vec<Value> {
        let first = call.arguments.first().map(|a| a.value);
        if let Some(words) = self.words {
            let is = |list: &Vec<String>| list.iter().any(|w| w == path);
            if is(&words.variable) {
                return self.variable(call);
            }
            if let (true, [base, rest, ..]) = (is(&words.join), call.arguments.as_slice()) {
                // `URL(path, base)` takes them the other way round.
                let turned = self.text(rest.value).is_some_and(|t| t.contains("://"));
                let (base, rest) = if turned { (rest, base) } else { (base, rest) };
                return self
                    .values(base.value)
                    .iter()
                    .map(|b| Value::Text(self.joined_to(b, rest.value)))
                    .collect();
            }
            if is(&words.paths) {
                return vec![Value::Text(Text::known("./"))];
            }
            if is(&words.through) {
                return first.map_or_else(|| vec![Value::Unknown], |id| self.values(id).to_vec());
            }
        }
        let Some((package, rest)) = self.sdks.resolve(self.language, path) else {
            return vec![Value::Unknown];
        };
        if let Some(made) = self.construct(package, rest, Some(id), None) {
            return vec![Value::Object(made, String::new())];
        }
        match self.of_module(package, rest) {
            Some(known) if known.call.result => vec![Value::Object(known.made, String::new())],
            // What a client of any host gives back is an answer.
            Some(_) => vec![Value::Unknown],
            None if package.plain => vec![Value::Unknown],
            None => vec![Value::Symbol(path.to_owned())],
        }
    }

    fn called_object(&self, id: Id, made: &Rc<Made>, path: &str) -> Value {
        let Some((package, client)) = self.client(made) else { return Value::Unknown };
        if client.session {
            let opened = self.construct(package, path, Some(id), Some(made));
            return opened.map_or(Value::Unknown, |made| Value::Object(made, String::new()));
        }
        let last = path.rsplit('.').next().unwrap_or(path);
        if client.again.iter().any(|a| a == last) {
            return Value::Object(Rc::clone(made), String::new());
        }
        match self.sdks.call(client, path) {
            Some(call) if call.result => Value::Object(Rc::clone(made), String::new()),
            // A model of one package that is handed to another is known by its package.
            Some(_) => Value::Unknown,
            None => Value::Object(Rc::clone(made), path.to_owned()),
        }
    }

    /// The package and client of something made.
    pub(in crate::inventory::code) fn client(
        &self,
        made: &Made,
    ) -> Option<(&'static Package, &'static Client)> {
        let package = self.sdks.packages().get(made.package)?;
        Some((package, package.client.get(made.client)?))
    }

    /// The client that a path below a package constructs.
    fn construct(
        &self,
        package: &'static Package,
        path: &str,
        by: Option<Id>,
        session: Option<&Rc<Made>>,
    ) -> Option<Rc<Made>> {
        let index = self.sdks.index_of(package)?;
        let chosen = |client: &Client| {
            let Some(select) = &client.select else { return true };
            let call = by.and_then(|id| self.program.call(id));
            let argument =
                call.and_then(|c| argument(&c.arguments, &select.argument).or(c.arguments.first()));
            argument.and_then(|a| self.text(a.value)).is_some_and(|text| text == select.is)
        };
        let (client, _) = self.sdks.constructs(package, path).find(|(_, client)| chosen(client))?;
        Some(Rc::new(Made { package: index, client, by, session: session.cloned() }))
    }

    /// The function of a module that a path below its package means.
    fn of_module(&self, package: &'static Package, path: &str) -> Option<Known> {
        let index = self.sdks.index_of(package)?;
        let mut clients = package.client.iter().enumerate().filter(|(_, c)| c.module);
        clients.find_map(|(client, entry)| {
            let call = self.sdks.call(entry, path)?;
            let made = Rc::new(Made { package: index, client, by: None, session: None });
            Some(Known { made, call, path: path.to_owned() })
        })
    }

    /// The known call that a value means if it is called.
    pub(in crate::inventory::code) fn known(&self, value: &Value) -> Option<Known> {
        match value {
            Value::Symbol(path) => {
                let (package, rest) = self.sdks.resolve(self.language, path)?;
                self.of_module(package, rest)
            }
            Value::Object(made, path) => {
                let (_, client) = self.client(made)?;
                let call = self.sdks.call(client, path)?;
                Some(Known { made: Rc::clone(made), call, path: path.clone() })
            }
            _ => None,
        }
    }

    /// `os.getenv("NAME", default)`.
    fn variable(&self, call: &Call) -> Vec<Value> {
        let Some(name) = call.arguments.first().and_then(|a| self.text(a.value)) else {
            return vec![Value::Unknown];
        };
        for map in self.words.iter().flat_map(|w| &w.environment) {
            if let Some(id) = self.set_at(&format!("{map}.{name}")) {
                return self.values(id).to_vec();
            }
        }
        let default = argument(&call.arguments, "default");
        let default = default.or_else(|| call.arguments.get(1).filter(|a| a.name.is_none()));
        let open = |default: Fallback| Value::Open(Open { names: vec![name.clone()], default });
        match default {
            None => vec![open(Fallback::Nothing)],
            Some(default) => {
                let behind = |value: &Value| match value {
                    Value::Open(other) => {
                        let names = [vec![name.clone()], other.names.clone()].concat();
                        Value::Open(Open { names, default: other.default.clone() })
                    }
                    value => open(value.to_fallback()),
                };
                self.values(default.value).iter().map(behind).collect()
            }
        }
    }

    fn joined_to(&self, base: &Value, rest: Id) -> Text {
        let mut base = base.to_text();
        let rest = self.values(rest).first().map(Value::to_text).unwrap_or_default();
        // What begins with a slash replaces the path; `https://host` and no more is nothing to replace.
        if rest.head().starts_with('/')
            && let [Piece::Known(text)] = base.0.as_mut_slice()
            && let Some(start) = text.find("://").map(|at| at + 3)
            && let Some(path) = text.get(start..).and_then(|t| t.find('/'))
        {
            text.truncate(start + path);
        } else if let Some(Piece::Known(text)) = base.0.last_mut()
            && !text.ends_with('/')
            && !rest.head().starts_with('/')
        {
            text.push('/');
        }
        base.push(&rest);
        base
    }
}

/// The argument of a name.
pub(in crate::inventory::code) fn argument<'a>(
    arguments: &'a [Argument],
    name: &str,
) -> Option<&'a Argument> {
    arguments.iter().find(|a| a.name.as_deref() == Some(name))
}

/// `"https://{}/v1".format(...)`: what is in braces is open.
fn formatted(text: &Text) -> Text {
    let mut out = Text::default();
    for piece in &text.0 {
        let Piece::Known(known) = piece else {
            out.push(&Text(vec![piece.clone()]));
            continue;
        };
        let mut rest = known.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            out.push(&Text::known(before));
            let Some((_, after)) = after.split_once('}') else { break };
            out.push(&Text::open(Open::unknown()));
            rest = after;
        }
        out.push(&Text::known(rest));
    }
    out
}
