//! From a Python tree to a program.

mod expression;

use crate::inventory::code::parse::{Lowering, children, field};
use crate::inventory::code::program::{Expr, Id, MODULE, ScopeId, ScopeKind};
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
