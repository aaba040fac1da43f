//! Names, attributes, parameters, and the parts that a program gives things afterwards.

use super::{CommandOption, Evaluator};
use crate::inventory::code::program::{Argument, Call, Expr, Id, Part, ScopeId, ScopeKind};
use crate::inventory::code::value::{Fallback, Open, Value};
use rustc_hash::FxHashMap;

/// Deepest inheritance that is followed.
const DEEPEST_BASE: usize = 8;

impl Evaluator<'_> {
    /// Finds, before anything is evaluated, what later lines do to earlier ones.
    pub(super) fn index(&mut self) {
        let program = self.program;
        let mut parts: Vec<Part> = program.parts.clone();
        for id in &program.calls {
            let Some(call) = program.call(*id) else { continue };
            if let Some(scope) = self.function_of(call.callee) {
                self.sites.entry(scope.0).or_default().push((*id, scope.1));
            }
            let Expr::Member(of, method) = program.expr(call.callee) else { continue };
            let named = |list: fn(&crate::services::sdks::Words) -> &Vec<String>| {
                self.words.is_some_and(|w| list(w).iter().any(|m| m == method))
            };
            if named(|w| &w.option_methods) {
                self.option(call);
            } else if named(|w| &w.add_methods)
                && let [key, value, ..] = call.arguments.as_slice()
                && let Expr::Text(key) = program.expr(key.value)
            {
                parts.push(Part { of: *of, key: key.clone(), value: value.value, line: program.line(*id) });
            }
        }
        for part in parts {
            if let Expr::Name(name, scope) = program.expr(part.of)
                && let Some((bound_in, _)) = program.look_up(*scope, name)
            {
                let list = self.parts_of_name.entry((bound_in, name.clone())).or_default();
                list.push((part.key.clone(), part.value));
            }
            if let Some(path) = self.path(part.of, 0) {
                let list = self.parts_of_path.entry(format!("{path}.{}", part.key)).or_default();
                list.push((part.value, part.line));
            }
        }
        self.set_by_function();
        // What was evaluated on the way did not know all of this yet.
        self.cache.borrow_mut().clear();
    }

    /// `os.environ.setdefault("X", "value")`.
    fn set_by_function(&mut self) {
        let Some(words) = self.words else { return };
        let mut set = Vec::new();
        for id in &self.program.calls {
            let Some(call) = self.program.call(*id) else { continue };
            let Some(path) = self.path(call.callee, 0) else { continue };
            if words.set_variable.contains(&path)
                && let [name, value, ..] = call.arguments.as_slice()
                && let Expr::Text(name) = self.program.expr(name.value)
            {
                set.push((name.clone(), value.value, self.program.line(*id)));
            }
        }
        for (name, value, line) in set {
            for map in &words.environment {
                self.parts_of_path.entry(format!("{map}.{name}")).or_default().push((value, line));
            }
        }
    }

    /// Variables that the file sets, with what they are set to and where.
    pub(in crate::inventory::code) fn set_variables(&self) -> Vec<(String, Id, u64)> {
        let Some(words) = self.words else { return Vec::new() };
        let mut out = Vec::new();
        for map in &words.environment {
            let head = format!("{map}.");
            for (path, set) in &self.parts_of_path {
                if let Some(name) = path.strip_prefix(&head) {
                    out.extend(set.iter().map(|(id, line)| (name.to_owned(), *id, *line)));
                }
            }
        }
        out.sort();
        out
    }

    /// What a program sets at a dotted path: an attribute of a module, a variable.
    pub(in crate::inventory::code) fn set_at(&self, path: &str) -> Option<Id> {
        self.parts_of_path.get(path)?.last().map(|(id, _)| *id)
    }

    /// The dotted path of an expression: through imports if it begins with one.
    fn path(&self, id: Id, depth: usize) -> Option<String> {
        if depth > 16 {
            return None;
        }
        match self.program.expr(id) {
            Expr::Symbol(path) => Some(path.clone()),
            Expr::Name(name, scope) => match self.program.look_up(*scope, name) {
                Some((_, ids)) => ids
                    .iter()
                    .find_map(|id| match self.program.expr(*id) {
                        Expr::Symbol(path) => Some(path.clone()),
                        _ => None,
                    })
                    .or_else(|| Some(format!("#{name}"))),
                None => Some(name.clone()),
            },
            Expr::Member(of, key) => Some(format!("{}.{key}", self.path(*of, depth + 1)?)),
            Expr::Index(of, key) => match self.program.expr(*key) {
                Expr::Text(key) => Some(format!("{}.{key}", self.path(*of, depth + 1)?)),
                _ => None,
            },
            _ => None,
        }
    }

    /// The function of the file that a callee is, as far as the text shows, and how many of its
    /// parameters are given otherwise than by arguments.
    fn function_of(&self, callee: Id) -> Option<(ScopeId, usize)> {
        let bound = |names: &FxHashMap<String, Vec<Id>>, name: &str| {
            names.get(name)?.iter().find_map(|id| match self.program.expr(*id) {
                Expr::Function(scope) => Some(*scope),
                _ => None,
            })
        };
        match self.program.expr(callee) {
            Expr::Function(scope) => Some((*scope, 0)),
            Expr::Name(name, scope) => {
                let (at, ids) = self.program.look_up(*scope, name)?;
                if let Some(function) = bound(&self.program.scopes.get(at)?.names, name) {
                    return Some((function, 0));
                }
                let class = ids.iter().find_map(|id| match self.program.expr(*id) {
                    Expr::Class(class) => Some(*class),
                    _ => None,
                })?;
                let names = &self.program.scopes.get(class)?.names;
                bound(names, "__init__")
                    .map(|f| (f, 1))
                    .or_else(|| bound(names, "constructor").map(|f| (f, 0)))
            }
            Expr::Member(of, method) => {
                let class = self.program.own_class(*of)?;
                let function = bound(&self.program.scopes.get(class)?.names, method)?;
                let first = self.program.scopes.get(function)?.parameters.first();
                let own = first.is_some_and(|(name, _)| name == "self" || name == "cls");
                Some((function, usize::from(own)))
            }
            _ => None,
        }
    }

    fn option(&mut self, call: &Call) {
        let flags = call.arguments.iter().filter(|a| a.name.is_none());
        let flags: Vec<&str> = flags
            .filter_map(|a| match self.program.expr(a.value) {
                Expr::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        let named =
            |name: &str| call.arguments.iter().find(|a| a.name.as_deref() == Some(name)).map(|a| a.value);
        let flag = flags.iter().find(|f| f.starts_with("--")).or(flags.first());
        let Some(flag) = flag.copied() else { return };
        let text = |id: Id| match self.program.expr(id) {
            Expr::Text(text) => Some(text.clone()),
            _ => None,
        };
        let key = named("dest").and_then(text);
        let key = key.unwrap_or_else(|| flag.trim_start_matches('-').replace('-', "_"));
        let action = named("action").and_then(text);
        let default = match named("default").map(|id| self.program.expr(id)) {
            Some(Expr::Text(text) | Expr::Number(text)) => Fallback::Text(text.clone()),
            Some(Expr::Bool(b)) => Fallback::Bool(*b),
            Some(Expr::Nothing) => Fallback::Nothing,
            Some(_) => match self.values(named("default").unwrap_or_default()).first() {
                Some(Value::Open(open)) => {
                    // A variable is behind the option: both decide.
                    let names = [vec![flag.to_owned()], open.names.clone()].concat();
                    let default = open.default.clone();
                    self.options.insert(key, CommandOption { flag: names.join(" or "), default });
                    return;
                }
                Some(value) => value.to_fallback(),
                None => Fallback::Unknown,
            },
            None => match action.as_deref() {
                Some("store_true") => Fallback::Bool(false),
                Some("store_false") => Fallback::Bool(true),
                _ if named("is_flag").is_some() => Fallback::Bool(false),
                _ if flag.starts_with('-') => Fallback::Nothing,
                _ => Fallback::Required,
            },
        };
        self.options.insert(key, CommandOption { flag: flag.to_owned(), default });
    }

    pub(super) fn name(&self, name: &str, scope: ScopeId) -> Vec<Value> {
        if let Some((_, ids)) = self.program.look_up(scope, name) {
            return self.all(ids);
        }
        if self.words.is_some_and(|w| w.globals.iter().any(|g| g == name)) {
            return vec![Value::Symbol(name.to_owned())];
        }
        let known = |root: &&String| self.sdks.resolve(self.language, root).is_some();
        match self.program.wildcards.iter().find(known) {
            Some(root) => vec![Value::Symbol(format!("{root}.{name}"))],
            None => vec![Value::Unknown],
        }
    }

    /// Parts that are given to what a name holds.
    pub(in crate::inventory::code) fn parts(&self, of: Id) -> &[(String, Id)] {
        let Expr::Name(name, scope) = self.program.expr(of) else { return &[] };
        let Some((bound_in, _)) = self.program.look_up(*scope, name) else { return &[] };
        self.parts_of_name.get(&(bound_in, name.clone())).map_or(&[], Vec::as_slice)
    }

    pub(super) fn member(&self, of: Id, key: &str) -> Vec<Value> {
        let mut out = Vec::new();
        self.tick(self.parts(of).len());
        for (part, value) in self.parts(of) {
            if part == key {
                out.extend(self.values(*value).iter().cloned());
            }
        }
        for value in self.values(of).iter() {
            match value {
                Value::Symbol(path) => {
                    let full = format!("{path}.{key}");
                    let environment = self.words.is_some_and(|w| w.environment.contains(path));
                    if let Some(set) = self.parts_of_path.get(&full) {
                        out.extend(set.iter().flat_map(|(id, _)| self.values(*id).to_vec()));
                    } else if environment && key != "get" && key != "setdefault" && key != "pop" {
                        out.push(Value::Open(Open {
                            names: vec![key.to_owned()],
                            default: Fallback::Nothing,
                        }));
                    } else {
                        out.push(Value::Symbol(full));
                    }
                }
                Value::Object(made, path) => {
                    let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                    out.push(Value::Object(made.clone(), path));
                }
                Value::Instance(class) | Value::Class(class) => out.extend(self.attribute(*class, key, 0)),
                Value::Map(map) => out.extend(self.entry(*map, key)),
                Value::Unknown | Value::Open(_) => {
                    if let Some(option) = self.options.get(key) {
                        let names = vec![option.flag.clone()];
                        out.push(Value::Open(Open { names, default: option.default.clone() }));
                    } else if let Some(set) =
                        self.path(of, 0).and_then(|p| self.parts_of_path.get(&format!("{p}.{key}")))
                    {
                        out.extend(set.iter().flat_map(|(id, _)| self.values(*id).to_vec()));
                    } else {
                        out.push(Value::Unknown);
                    }
                }
                // `url.href`: the text itself.
                Value::Text(_) if self.words.is_some_and(|w| w.through_methods.iter().any(|m| m == key)) => {
                    out.push(value.clone());
                }
                _ => out.push(Value::Unknown),
            }
        }
        out
    }

    fn entry(&self, map: Id, key: &str) -> Vec<Value> {
        let Expr::Map(entries) = self.program.expr(map) else { return Vec::new() };
        self.tick(entries.len());
        let found = entries.iter().rev().find(|(k, _)| k.as_deref() == Some(key));
        found.map_or_else(Vec::new, |(_, id)| self.values(*id).to_vec())
    }

    /// An attribute of a class of the file, or of one it extends.
    fn attribute(&self, class: ScopeId, key: &str, depth: usize) -> Vec<Value> {
        let Some(scope) = self.program.scopes.get(class).filter(|_| depth < DEEPEST_BASE) else {
            return vec![Value::Unknown];
        };
        let bases: Vec<Value> = self.all(&scope.bases);
        if let Some(ids) = scope.names.get(key) {
            let is_setting = bases.iter().any(|base| match base {
                Value::Symbol(path) => {
                    let last = path.rsplit('.').next().unwrap_or_default();
                    self.words.is_some_and(|w| w.settings.iter().any(|s| s == last))
                }
                _ => false,
            });
            let values = self.all(ids);
            if !is_setting {
                return values;
            }
            let open = |v: &Value| match v {
                Value::Function(_) => v.clone(),
                v => Value::Open(Open { names: vec![key.to_uppercase()], default: v.to_fallback() }),
            };
            return values.iter().map(open).collect();
        }
        for base in bases {
            if let Value::Class(base) = base {
                return self.attribute(base, key, depth + 1);
            }
        }
        vec![Value::Unknown]
    }

    /// A parameter is what the calls in the file give it; without one, it is open.
    pub(super) fn parameter(&self, function: ScopeId, at: usize) -> Vec<Value> {
        let Some(scope) = self.program.scopes.get(function) else { return vec![Value::Unknown] };
        let Some((name, default)) = scope.parameters.get(at) else { return vec![Value::Unknown] };
        let mut out = Vec::new();
        let mut omitted = false;
        for (call, before) in self.sites.get(&function).into_iter().flatten() {
            if self.exhausted() {
                break;
            }
            let Some(call) = self.program.call(*call) else { continue };
            match given(&call.arguments, name, at.checked_sub(*before)) {
                Some(id) => out.extend(self.values(id).iter().cloned()),
                None => omitted = true,
            }
        }
        if !out.is_empty() {
            if omitted && let Some(default) = default {
                out.extend(self.values(*default).iter().cloned());
            }
            return out;
        }
        if let Some(option) = self.options.get(name).filter(|_| default.is_none()) {
            return vec![Value::Open(Open {
                names: vec![option.flag.clone()],
                default: option.default.clone(),
            })];
        }
        let open = |default: Fallback| Value::Open(Open { names: vec![format!("argument {name}")], default });
        match default {
            None => vec![open(Fallback::Required)],
            Some(id) => {
                let defaults = self.values(*id);
                defaults
                    .iter()
                    .map(|d| match d {
                        Value::Text(_) | Value::Nothing | Value::Bool(_) => open(d.to_fallback()),
                        other => other.clone(),
                    })
                    .collect()
            }
        }
    }
}

/// The argument that a call gives a parameter, by name or position.
fn given(arguments: &[Argument], name: &str, at: Option<usize>) -> Option<Id> {
    let named = arguments.iter().find(|a| a.name.as_deref() == Some(name));
    let positional = || {
        let before = arguments.iter().take_while(|a| a.name.is_none() && !a.spread);
        before.enumerate().find(|(i, _)| Some(*i) == at).map(|(_, a)| a)
    };
    named.or_else(positional).map(|a| a.value)
}

impl crate::inventory::code::program::Program {
    /// The class whose object a parameter holds: the first of a method in Python.
    pub(super) fn own_class_of_parameter(&self, function: ScopeId, at: usize) -> Option<ScopeId> {
        let scope = self.scopes.get(function).filter(|_| at == 0)?;
        let (name, _) = scope.parameters.first()?;
        let class = scope.parent?;
        let in_class = self.scopes.get(class)?.kind == ScopeKind::Class;
        (in_class && (name == "self" || name == "cls")).then_some(class)
    }
}
