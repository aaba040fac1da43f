//! From a Python tree to a program.

use crate::inventory::code::parse::{Lowering, children, field};
use crate::inventory::code::program::{Argument, Call, Expr, Id, MODULE, OPAQUE, ScopeId, ScopeKind};
use tree_sitter::Node;

/// Lowers a module.
pub(in crate::inventory) fn lower(lowering: &mut Lowering<'_>, root: Node<'_>) {
    let mut lower = Lower { to: lowering, work: vec![(root, MODULE)] };
    while let Some((node, scope)) = lower.work.pop() {
        lower.statement(node, scope);
    }
}

struct Lower<'l, 's, 't> {
    to: &'l mut Lowering<'s>,
    /// Statements yet to be lowered, with the scope they are in.
    work: Vec<(Node<'t>, ScopeId)>,
}

impl<'t> Lower<'_, '_, 't> {
    fn statement(&mut self, node: Node<'t>, scope: ScopeId) {
        match node.kind() {
            "module" | "block" => self.block(node, scope),
            "import_statement" => self.import(node, scope),
            "import_from_statement" => self.import_from(node, scope),
            "function_definition" => {
                self.function(node, scope);
            }
            "class_definition" => self.class(node, scope),
            "decorated_definition" => {
                for child in children(node) {
                    match child.kind() {
                        "decorator" => {
                            for inner in children(child) {
                                self.expr(inner, scope);
                            }
                        }
                        _ => self.work.push((child, scope)),
                    }
                }
            }
            "expression_statement" => {
                for child in children(node) {
                    // A text by itself is a docstring.
                    if !matches!(child.kind(), "string" | "concatenated_string") {
                        self.expr(child, scope);
                    }
                }
            }
            "return_statement" => {
                let value = children(node).first().map(|n| self.expr(*n, scope));
                let function = self.to.program.enclosing(scope, ScopeKind::Function);
                if let (Some(value), Some(function)) = (value, function)
                    && let Some(function) = self.to.program.scopes.get_mut(function)
                {
                    function.returns.push(value);
                }
            }
            "if_statement" => self.if_statement(node, scope),
            "for_statement" => {
                self.loop_over(node, scope);
                self.work.extend(field(node, "body").map(|n| (n, scope)));
                self.work.extend(field(node, "alternative").map(|n| (n, scope)));
            }
            "global_statement"
            | "nonlocal_statement"
            | "comment"
            | "future_import_statement"
            | "type_alias_statement" => {}
            kind if is_compound(kind) => {
                for child in children(node) {
                    self.work.push((child, scope));
                }
            }
            _ => {
                self.expr(node, scope);
            }
        }
    }

    /// The statements of a block, up to one after which nothing runs.
    fn block(&mut self, node: Node<'t>, scope: ScopeId) {
        for child in children(node) {
            self.work.push((child, scope));
            if matches!(
                child.kind(),
                "return_statement" | "raise_statement" | "break_statement" | "continue_statement"
            ) {
                break;
            }
        }
    }

    fn if_statement(&mut self, node: Node<'t>, scope: ScopeId) {
        let condition = field(node, "condition");
        let never = condition.is_some_and(|c| {
            matches!(self.to.text(c).as_str(), "False" | "0" | "TYPE_CHECKING" | "typing.TYPE_CHECKING")
        });
        if let Some(condition) = condition {
            self.expr(condition, scope);
        }
        if !never {
            self.work.extend(field(node, "consequence").map(|n| (n, scope)));
        }
        for child in children(node) {
            if matches!(child.kind(), "elif_clause" | "else_clause") {
                self.work.push((child, scope));
            }
        }
    }

    fn import(&mut self, node: Node<'t>, scope: ScopeId) {
        for child in children(node) {
            match child.kind() {
                "aliased_import" => {
                    if let (Some(name), Some(alias)) = (field(child, "name"), field(child, "alias")) {
                        let (path, alias) = (self.to.text(name), self.to.text(alias));
                        self.to.import(scope, &alias, path, child);
                    }
                }
                "dotted_name" => {
                    // `import a.b` binds `a`, through which `a.b` is reached.
                    let path = self.to.text(child);
                    let root = path.split('.').next().unwrap_or(&path).to_owned();
                    let line = self.to.line(child);
                    self.to.program.imports.push((path, line));
                    let id = self.to.add(Expr::Symbol(root.clone()), child);
                    self.to.program.bind(scope, &root, id);
                }
                _ => {}
            }
        }
    }

    fn import_from(&mut self, node: Node<'t>, scope: ScopeId) {
        let Some(module) = field(node, "module_name") else { return };
        let module_text = self.to.text(module);
        for child in children(node) {
            if child.id() == module.id() {
                continue;
            }
            match child.kind() {
                "dotted_name" => {
                    let name = self.to.text(child);
                    self.to.import(scope, &name, format!("{module_text}.{name}"), child);
                }
                "aliased_import" => {
                    if let (Some(name), Some(alias)) = (field(child, "name"), field(child, "alias")) {
                        let (name, alias) = (self.to.text(name), self.to.text(alias));
                        self.to.import(scope, &alias, format!("{module_text}.{name}"), child);
                    }
                }
                "wildcard_import" => {
                    let line = self.to.line(child);
                    self.to.program.imports.push((module_text.clone(), line));
                    self.to.program.wildcards.push(module_text.clone());
                }
                _ => {}
            }
        }
    }

    fn function(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let inner = self.to.program.scope(Some(scope), ScopeKind::Function);
        let id = self.to.add(Expr::Function(inner), node);
        if let Some(name) = field(node, "name") {
            let name = self.to.text(name);
            self.to.program.bind(scope, &name, id);
        }
        if let Some(parameters) = field(node, "parameters") {
            self.parameters(parameters, scope, inner);
        }
        match field(node, "body") {
            Some(body) if node.kind() == "lambda" => {
                let value = self.expr(body, inner);
                if let Some(inner) = self.to.program.scopes.get_mut(inner) {
                    inner.returns.push(value);
                }
            }
            Some(body) => self.work.push((body, inner)),
            None => {}
        }
        id
    }

    fn parameters(&mut self, node: Node<'t>, outer: ScopeId, inner: ScopeId) {
        for child in children(node) {
            let name = match child.kind() {
                "identifier" => Some(child),
                "default_parameter" | "typed_default_parameter" => field(child, "name"),
                "typed_parameter" => children(child).into_iter().find(|n| n.kind() == "identifier"),
                _ => None,
            };
            let Some(name) = name.map(|n| self.to.text(n)) else { continue };
            let default = field(child, "value").map(|n| self.expr(n, outer));
            let line = self.to.line(child);
            self.to.program.parameter(inner, &name, default, line);
        }
    }

    fn class(&mut self, node: Node<'t>, scope: ScopeId) {
        let inner = self.to.program.scope(Some(scope), ScopeKind::Class);
        let id = self.to.add(Expr::Class(inner), node);
        if let Some(name) = field(node, "name") {
            let name = self.to.text(name);
            self.to.program.bind(scope, &name, id);
        }
        if let Some(bases) = field(node, "superclasses") {
            let bases: Vec<Id> = children(bases).into_iter().map(|n| self.expr(n, scope)).collect();
            if let Some(inner) = self.to.program.scopes.get_mut(inner) {
                inner.bases = bases;
            }
        }
        self.work.extend(field(node, "body").map(|n| (n, inner)));
    }

    fn loop_over(&mut self, node: Node<'t>, scope: ScopeId) {
        let (Some(left), Some(right)) = (field(node, "left"), field(node, "right")) else { return };
        let of = self.expr(right, scope);
        let element = self.to.add(Expr::Element(of), node);
        let target = self.expr(left, scope);
        self.to.program.assign(scope, target, element);
    }

    fn all(&mut self, node: Node<'t>, scope: ScopeId) -> Vec<Id> {
        children(node).into_iter().map(|n| self.expr(n, scope)).collect()
    }

    fn expr(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        if !self.to.enter(node) {
            return OPAQUE;
        }
        let id = self.expression(node, scope);
        self.to.leave();
        id
    }

    fn expression(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        match node.kind() {
            "identifier" => self.to.add(Expr::Name(self.to.text(node), scope), node),
            "string" => self.string(node, scope),
            "concatenated_string" => {
                let pieces = self.all(node, scope);
                self.to.add(Expr::Joined(pieces), node)
            }
            "integer" | "float" => self.to.add(Expr::Number(self.to.text(node)), node),
            "true" => self.to.add(Expr::Bool(true), node),
            "false" => self.to.add(Expr::Bool(false), node),
            "none" => self.to.add(Expr::Nothing, node),
            "attribute" => {
                let of = field(node, "object").map_or(OPAQUE, |n| self.expr(n, scope));
                let key = field(node, "attribute").map(|n| self.to.text(n)).unwrap_or_default();
                self.to.add(Expr::Member(of, key), node)
            }
            "subscript" => {
                let of = field(node, "value").map_or(OPAQUE, |n| self.expr(n, scope));
                let key = field(node, "subscript").map_or(OPAQUE, |n| self.expr(n, scope));
                self.to.add(Expr::Index(of, key), node)
            }
            "call" => self.call(node, scope),
            "assignment" => self.assignment(node, scope),
            "named_expression" => {
                let value = field(node, "value").map_or(OPAQUE, |n| self.expr(n, scope));
                if let Some(name) = field(node, "name") {
                    let name = self.to.text(name);
                    self.to.program.bind(scope, &name, value);
                }
                value
            }
            "as_pattern" => {
                let parts = children(node);
                let value = parts.first().map_or(OPAQUE, |n| self.expr(*n, scope));
                if let Some(target) = field(node, "alias") {
                    let target = children(target).first().map_or(OPAQUE, |n| self.expr(*n, scope));
                    self.to.program.assign(scope, target, value);
                }
                value
            }
            "binary_operator" => self.binary(node, scope),
            "boolean_operator" => {
                let or = field(node, "operator").is_some_and(|n| n.kind() == "or");
                let of = self.all(node, scope);
                // What `and` gives is its last, if it gives anything.
                let of = if or { of } else { of.into_iter().rev().take(1).collect() };
                self.to.add(Expr::Either { of, fallback: or }, node)
            }
            "conditional_expression" => {
                let all = self.all(node, scope);
                let of = [0, 2].iter().filter_map(|i| all.get(*i).copied()).collect();
                self.to.add(Expr::Either { of, fallback: false }, node)
            }
            "parenthesized_expression" | "await" | "type" | "as_pattern_target" | "interpolation" => {
                self.all(node, scope).first().copied().unwrap_or(OPAQUE)
            }
            "list" | "tuple" | "set" | "expression_list" | "pattern_list" | "tuple_pattern"
            | "list_pattern" => {
                let items = self.all(node, scope);
                self.to.add(Expr::List(items), node)
            }
            "dictionary" => self.dictionary(node, scope),
            "lambda" => self.function(node, scope),
            "for_in_clause" => {
                self.loop_over(node, scope);
                OPAQUE
            }
            "list_comprehension" | "generator_expression" | "set_comprehension" => {
                // The clauses bind what the element is made of.
                let items = self.all(node, scope);
                let first = items.first().copied().into_iter().collect();
                self.to.add(Expr::List(first), node)
            }
            _ => {
                self.all(node, scope);
                OPAQUE
            }
        }
    }

    fn assignment(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let value = field(node, "right").map(|n| self.expr(n, scope));
        let target = field(node, "left").map_or(OPAQUE, |n| self.expr(n, scope));
        if let Some(value) = value {
            self.to.program.assign(scope, target, value);
        }
        value.unwrap_or(OPAQUE)
    }

    /// `+` puts texts together, `/` paths; chains lean to the left, as deep as they are long.
    fn binary(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let mut operands = Vec::new();
        let mut at = node;
        let sign = |n: Node<'t>| field(n, "operator").map(|o| o.kind()).unwrap_or_default();
        let first = sign(node);
        while at.kind() == "binary_operator" && sign(at) == first {
            operands.extend(field(at, "right"));
            match field(at, "left") {
                Some(left) => at = left,
                None => break,
            }
        }
        operands.push(at);
        operands.reverse();
        let ids: Vec<Id> = operands.into_iter().map(|n| self.expr(n, scope)).collect();
        match first {
            "+" => self.to.add(Expr::Joined(ids), node),
            // `"%s/v1" % base`: the text with holes.
            "%" => {
                let text = ids.first().copied().unwrap_or(OPAQUE);
                match self.to.program.expr(text).clone() {
                    Expr::Text(format) => self.percent(&format, node),
                    _ => OPAQUE,
                }
            }
            "/" => {
                let here = self.to.add(Expr::Text("./".to_owned()), node);
                self.to.add(Expr::Joined([vec![here], ids].concat()), node)
            }
            _ => OPAQUE,
        }
    }

    fn percent(&mut self, format: &str, node: Node<'t>) -> Id {
        let mut pieces = Vec::new();
        for (at, part) in format.split('%').enumerate() {
            if at > 0 {
                pieces.push(OPAQUE);
            }
            let part = if at > 0 { part.get(1..).unwrap_or_default() } else { part };
            pieces.push(self.to.add(Expr::Text(part.to_owned()), node));
        }
        self.to.add(Expr::Joined(pieces), node)
    }

    fn string(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let parts = children(node);
        let pieces: Vec<Id> = parts
            .into_iter()
            .filter(|n| matches!(n.kind(), "string_content" | "interpolation"))
            .map(|n| match n.kind() {
                "interpolation" => {
                    let inner = field(n, "expression").or_else(|| children(n).first().copied());
                    inner.map_or(OPAQUE, |n| self.expr(n, scope))
                }
                _ => self.to.add(Expr::Text(self.to.text(n)), n),
            })
            .collect();
        match pieces.as_slice() {
            [] => self.to.add(Expr::Text(String::new()), node),
            [only] if *only != OPAQUE && matches!(self.to.program.expr(*only), Expr::Text(_)) => *only,
            _ => self.to.add(Expr::Joined(pieces), node),
        }
    }

    fn dictionary(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let mut entries = Vec::new();
        for child in children(node) {
            match child.kind() {
                "pair" => {
                    let key = field(child, "key").map_or(OPAQUE, |n| self.expr(n, scope));
                    let value = field(child, "value").map_or(OPAQUE, |n| self.expr(n, scope));
                    let key = match self.to.program.expr(key) {
                        Expr::Text(key) => key.clone(),
                        _ => String::new(),
                    };
                    entries.push((Some(key), value));
                }
                "dictionary_splat" => {
                    let value = self.all(child, scope).first().copied().unwrap_or(OPAQUE);
                    entries.push((None, value));
                }
                _ => {}
            }
        }
        self.to.add(Expr::Map(entries), node)
    }

    fn call(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let callee = field(node, "function").map_or(OPAQUE, |n| self.expr(n, scope));
        let mut arguments = Vec::new();
        for child in field(node, "arguments").map(children).unwrap_or_default() {
            let argument = match child.kind() {
                "keyword_argument" => Argument {
                    name: field(child, "name").map(|n| self.to.text(n)),
                    spread: false,
                    value: field(child, "value").map_or(OPAQUE, |n| self.expr(n, scope)),
                },
                "list_splat" | "dictionary_splat" => {
                    let value = self.all(child, scope).first().copied().unwrap_or(OPAQUE);
                    // A map that is written out has keywords that are known.
                    if let ("dictionary_splat", Expr::Map(entries)) =
                        (child.kind(), self.to.program.expr(value).clone())
                    {
                        for (name, value) in entries {
                            arguments.push(Argument { spread: name.is_none(), name, value });
                        }
                        continue;
                    }
                    Argument { name: None, spread: true, value }
                }
                _ => Argument { name: None, spread: false, value: self.expr(child, scope) },
            };
            arguments.push(argument);
        }
        self.to.add(Expr::Call(Call { callee, arguments }), node)
    }
}

/// Statements that hold statements.
fn is_compound(kind: &str) -> bool {
    kind.ends_with("_clause")
        || kind.ends_with("_statement")
            && !matches!(
                kind,
                "raise_statement" | "assert_statement" | "delete_statement" | "print_statement"
            )
}
