//! A program as far as it matters here: expressions, the names they are bound to, the calls it makes.
//!
//! Both languages are lowered to this. Order of statements is given up: a name may hold any of the values
//! it is given in its scope.

use rustc_hash::FxHashMap;

/// An expression of a program.
pub(in crate::inventory) type Id = usize;
/// A module, class or function.
pub(in crate::inventory) type ScopeId = usize;

/// The expression of which nothing is known.
pub(in crate::inventory) const OPAQUE: Id = 0;
/// The scope of the file.
pub(in crate::inventory) const MODULE: ScopeId = 0;

#[derive(Debug, Clone)]
pub(in crate::inventory) enum Expr {
    Opaque,
    Text(String),
    /// Pieces of text after each other: f-strings, templates, `+`.
    Joined(Vec<Id>),
    Number(String),
    Bool(bool),
    Nothing,
    /// A name, looked up from a scope.
    Name(String, ScopeId),
    /// What an import gives: a dotted path that begins with the package.
    Symbol(String),
    Member(Id, String),
    Index(Id, Id),
    /// One of the elements of a list.
    Element(Id),
    Call(Call),
    /// Any of these; with `fallback`, the first that is something.
    Either {
        of: Vec<Id>,
        fallback: bool,
    },
    List(Vec<Id>),
    /// Keys and values; without a key, all of another map.
    Map(Vec<(Option<String>, Id)>),
    Function(ScopeId),
    Class(ScopeId),
    /// The object whose method is running.
    This(ScopeId),
    Parameter(ScopeId, usize),
}

#[derive(Debug, Clone)]
pub(in crate::inventory) struct Call {
    pub(in crate::inventory) callee: Id,
    pub(in crate::inventory) arguments: Vec<Argument>,
}

#[derive(Debug, Clone)]
pub(in crate::inventory) struct Argument {
    /// Its keyword; positional without.
    pub(in crate::inventory) name: Option<String>,
    /// Whether it stands for arguments that are elsewhere: `*args`, `**kwargs`.
    pub(in crate::inventory) spread: bool,
    pub(in crate::inventory) value: Id,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inventory) enum ScopeKind {
    Module,
    Class,
    Function,
}

#[derive(Debug)]
pub(in crate::inventory) struct Scope {
    pub(in crate::inventory) parent: Option<ScopeId>,
    pub(in crate::inventory) kind: ScopeKind,
    pub(in crate::inventory) names: FxHashMap<String, Vec<Id>>,
    /// Names and defaults, in order.
    pub(in crate::inventory) parameters: Vec<(String, Option<Id>)>,
    pub(in crate::inventory) returns: Vec<Id>,
    /// Classes that a class extends.
    pub(in crate::inventory) bases: Vec<Id>,
}

/// A part that a program gives a thing: `x.key = value`, `x["key"] = value`, `x.append("key", value)`.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct Part {
    pub(in crate::inventory) of: Id,
    pub(in crate::inventory) key: String,
    pub(in crate::inventory) value: Id,
    pub(in crate::inventory) line: u64,
}

#[derive(Debug)]
pub(in crate::inventory) struct Program {
    expressions: Vec<(Expr, u64)>,
    pub(in crate::inventory) scopes: Vec<Scope>,
    /// Every call, as it was met.
    pub(in crate::inventory) calls: Vec<Id>,
    /// What is imported, and on which line.
    pub(in crate::inventory) imports: Vec<(String, u64)>,
    /// Modules of which everything is imported.
    pub(in crate::inventory) wildcards: Vec<String>,
    pub(in crate::inventory) parts: Vec<Part>,
    /// Texts that hold an address.
    pub(in crate::inventory) addresses: Vec<Id>,
    /// Line of the first expression that is nested too deep to be read.
    pub(in crate::inventory) too_deep: Option<u64>,
}

impl Program {
    pub(in crate::inventory) fn new() -> Program {
        let mut program = Program {
            expressions: vec![(Expr::Opaque, 0)],
            scopes: Vec::new(),
            calls: Vec::new(),
            imports: Vec::new(),
            wildcards: Vec::new(),
            parts: Vec::new(),
            addresses: Vec::new(),
            too_deep: None,
        };
        program.scope(None, ScopeKind::Module);
        program
    }

    pub(in crate::inventory) fn add(&mut self, expr: Expr, line: u64) -> Id {
        let id = self.expressions.len();
        match &expr {
            Expr::Opaque => return OPAQUE,
            Expr::Call(_) => self.calls.push(id),
            Expr::Text(text) if text.contains("://") => self.addresses.push(id),
            _ => {}
        }
        self.expressions.push((expr, line));
        id
    }

    pub(in crate::inventory) fn expr(&self, id: Id) -> &Expr {
        self.expressions.get(id).map_or(&Expr::Opaque, |(expr, _)| expr)
    }

    pub(in crate::inventory) fn line(&self, id: Id) -> u64 {
        self.expressions.get(id).map_or(0, |(_, line)| *line)
    }

    pub(in crate::inventory) fn call(&self, id: Id) -> Option<&Call> {
        match self.expr(id) {
            Expr::Call(call) => Some(call),
            _ => None,
        }
    }

    pub(in crate::inventory) fn scope(&mut self, parent: Option<ScopeId>, kind: ScopeKind) -> ScopeId {
        self.scopes.push(Scope {
            parent,
            kind,
            names: FxHashMap::default(),
            parameters: Vec::new(),
            returns: Vec::new(),
            bases: Vec::new(),
        });
        self.scopes.len() - 1
    }

    /// A parameter of a function, bound in its scope.
    pub(in crate::inventory) fn parameter(
        &mut self,
        scope: ScopeId,
        name: &str,
        default: Option<Id>,
        line: u64,
    ) {
        let Some(index) = self.scopes.get(scope).map(|s| s.parameters.len()) else { return };
        let id = self.add(Expr::Parameter(scope, index), line);
        if let Some(scope) = self.scopes.get_mut(scope) {
            scope.parameters.push((name.to_owned(), default));
        }
        self.bind(scope, name, id);
    }

    pub(in crate::inventory) fn bind(&mut self, scope: ScopeId, name: &str, value: Id) {
        if let Some(scope) = self.scopes.get_mut(scope) {
            scope.names.entry(name.to_owned()).or_default().push(value);
        }
    }

    /// An assignment: to a name, to an attribute of the own object, to a part of something, to several.
    pub(in crate::inventory) fn assign(&mut self, scope: ScopeId, target: Id, value: Id) {
        let line = self.line(target);
        match self.expr(target).clone() {
            Expr::Name(name, _) => self.bind(scope, &name, value),
            Expr::Member(of, key) => {
                match self.own_class(of) {
                    Some(class) => self.bind(class, &key, value),
                    None => self.parts.push(Part { of, key, value, line }),
                };
            }
            Expr::Index(of, key) => {
                if let Expr::Text(key) = self.expr(key).clone() {
                    self.parts.push(Part { of, key, value, line });
                }
            }
            Expr::List(targets) => {
                for (at, target) in targets.into_iter().enumerate() {
                    let at = self.add(Expr::Number(at.to_string()), line);
                    let element = self.add(Expr::Index(value, at), line);
                    self.assign(scope, target, element);
                }
            }
            _ => {}
        }
    }

    /// The class whose object an expression is, if it is the own object of a method.
    pub(in crate::inventory) fn own_class(&self, id: Id) -> Option<ScopeId> {
        match self.expr(id) {
            Expr::This(scope) => self.enclosing(*scope, ScopeKind::Class),
            Expr::Name(name, scope) => {
                let (bound_in, ids) = self.look_up(*scope, name)?;
                let [id] = ids else { return None };
                let Expr::Parameter(function, 0) = self.expr(*id) else { return None };
                let class = self.scopes.get(*function)?.parent?;
                (bound_in == *function && self.scopes.get(class)?.kind == ScopeKind::Class).then_some(class)
            }
            _ => None,
        }
    }

    /// The nearest scope of a kind, beginning with the scope itself.
    pub(in crate::inventory) fn enclosing(&self, scope: ScopeId, kind: ScopeKind) -> Option<ScopeId> {
        let parent = |at: &ScopeId| self.scopes.get(*at)?.parent;
        let mut chain = std::iter::successors(Some(scope), parent);
        chain.find(|at| self.scopes.get(*at).is_some_and(|s| s.kind == kind))
    }

    /// What a name is bound to as seen from a scope, and in which scope that is. A class's own names are
    /// not seen from inside its methods.
    pub(in crate::inventory) fn look_up(&self, from: ScopeId, name: &str) -> Option<(ScopeId, &[Id])> {
        let mut at = Some(from);
        while let Some(id) = at {
            let scope = self.scopes.get(id)?;
            if let Some(ids) = scope.names.get(name)
                && (scope.kind != ScopeKind::Class || id == from)
            {
                return Some((id, ids));
            }
            at = scope.parent;
        }
        None
    }
}
