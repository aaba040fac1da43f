//! From a TypeScript tree to a program.

mod expression;

use crate::inventory::code::parse::{Lowering, children, field};
use crate::inventory::code::program::{Expr, Id, MODULE, OPAQUE, ScopeId, ScopeKind};
use tree_sitter::Node;

/// Lowers a module.
pub(super) fn lower(lowering: &mut Lowering<'_>, root: Node<'_>) {
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
            "program" | "statement_block" | "class_body" => self.block(node, scope),
            "import_statement" => self.import(node, scope),
            "function_declaration" | "generator_function_declaration" => {
                self.function(node, scope);
            }
            "method_definition" => {
                self.function(node, scope);
            }
            "class_declaration" | "abstract_class_declaration" => {
                self.class(node, scope);
            }
            "public_field_definition" => {
                let value = field(node, "value").map(|n| self.expr(n, scope));
                if let (Some(name), Some(value)) = (field(node, "name"), value) {
                    let name = self.to.text(name).trim_start_matches('#').to_owned();
                    self.to.program.bind(scope, &name, value);
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
            "variable_declarator" => self.declarator(node, scope),
            "for_in_statement" => {
                let of = field(node, "right").map_or(OPAQUE, |n| self.expr(n, scope));
                let element = self.to.add(Expr::Element(of), node);
                if let Some(left) = field(node, "left") {
                    self.pattern(left, element, scope);
                }
                self.work.extend(field(node, "body").map(|n| (n, scope)));
            }
            "expression_statement" => {
                for child in children(node) {
                    // A text by itself is a directive.
                    if child.kind() != "string" {
                        self.expr(child, scope);
                    }
                }
            }
            "interface_declaration"
            | "type_alias_declaration"
            | "import_alias"
            | "ambient_declaration"
            | "enum_declaration" => {}
            "export_statement" | "lexical_declaration" | "variable_declaration" | "internal_module" => {
                for child in children(node) {
                    self.work.push((child, scope));
                }
            }
            kind if kind.ends_with("_statement")
                || kind.ends_with("_clause")
                || matches!(kind, "switch_body" | "switch_case" | "switch_default") =>
            {
                for child in children(node) {
                    self.work.push((child, scope));
                }
            }
            _ => {
                self.expr(node, scope);
            }
        }
    }

    /// The statements of a block, up to one after which nothing but declarations counts.
    fn block(&mut self, node: Node<'t>, scope: ScopeId) {
        let mut ended = false;
        for child in children(node) {
            if !ended || child.kind().ends_with("_declaration") {
                self.work.push((child, scope));
            }
            ended |= matches!(child.kind(), "return_statement" | "throw_statement");
        }
    }

    fn import(&mut self, node: Node<'t>, scope: ScopeId) {
        let Some(from) = field(node, "source").map(|n| self.specifier(n)) else { return };
        // A type is gone when the program runs.
        if self.to.text(node).starts_with("import type") {
            return;
        }
        for clause in children(node).into_iter().filter(|n| n.kind() == "import_clause") {
            for child in children(clause) {
                match child.kind() {
                    "identifier" => {
                        let name = self.to.text(child);
                        self.to.import(scope, &name, format!("{from}.default"), child);
                    }
                    "namespace_import" => {
                        if let Some(name) = children(child).first() {
                            let name = self.to.text(*name);
                            self.to.import(scope, &name, from.clone(), child);
                        }
                    }
                    "named_imports" => {
                        for specifier in children(child) {
                            if self.to.text(specifier).starts_with("type ") {
                                continue;
                            }
                            let Some(name) = field(specifier, "name").map(|n| self.to.text(n)) else {
                                continue;
                            };
                            let alias = field(specifier, "alias").map_or(name.clone(), |n| self.to.text(n));
                            self.to.import(scope, &alias, format!("{from}.{name}"), specifier);
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn specifier(&self, node: Node<'_>) -> String {
        self.to.text(node).trim_matches(['"', '\'', '`']).to_owned()
    }

    fn declarator(&mut self, node: Node<'t>, scope: ScopeId) {
        let value = field(node, "value").map_or(OPAQUE, |n| self.expr(n, scope));
        if let Some(name) = field(node, "name") {
            self.pattern(name, value, scope);
        }
    }

    /// Binds what a pattern names to its part of a value.
    fn pattern(&mut self, node: Node<'t>, value: Id, scope: ScopeId) {
        if !self.to.enter(node) {
            return;
        }
        match node.kind() {
            "identifier" => {
                let name = self.to.text(node);
                self.to.program.bind(scope, &name, value);
            }
            "object_pattern" => {
                for child in children(node) {
                    match child.kind() {
                        "shorthand_property_identifier_pattern" => {
                            let name = self.to.text(child);
                            let part = self.to.add(Expr::Member(value, name.clone()), child);
                            self.to.program.bind(scope, &name, part);
                        }
                        "pair_pattern" => {
                            let key = field(child, "key").map(|n| self.to.text(n)).unwrap_or_default();
                            let part = self.to.add(Expr::Member(value, key), child);
                            if let Some(target) = field(child, "value") {
                                self.pattern(target, part, scope);
                            }
                        }
                        "object_assignment_pattern" => {
                            let Some(left) = field(child, "left") else { continue };
                            let name = self.to.text(left);
                            let part = self.to.add(Expr::Member(value, name.clone()), child);
                            let default = field(child, "right").map_or(OPAQUE, |n| self.expr(n, scope));
                            let either =
                                self.to.add(Expr::Either { of: vec![part, default], fallback: true }, child);
                            self.to.program.bind(scope, &name, either);
                        }
                        _ => {}
                    }
                }
            }
            "array_pattern" => {
                for (at, child) in children(node).into_iter().enumerate() {
                    let at = self.to.add(Expr::Number(at.to_string()), child);
                    let part = self.to.add(Expr::Index(value, at), child);
                    self.pattern(child, part, scope);
                }
            }
            "assignment_pattern" => {
                let default = field(node, "right").map_or(OPAQUE, |n| self.expr(n, scope));
                let either = self.to.add(Expr::Either { of: vec![value, default], fallback: true }, node);
                if let Some(left) = field(node, "left") {
                    self.pattern(left, either, scope);
                }
            }
            _ => {}
        }
        self.to.leave();
    }

    fn function(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let inner = self.to.program.scope(Some(scope), ScopeKind::Function);
        let id = self.to.add(Expr::Function(inner), node);
        if let Some(name) = field(node, "name")
            && node.kind() != "function_expression"
        {
            let name = self.to.text(name).trim_start_matches('#').to_owned();
            self.to.program.bind(scope, &name, id);
        }
        if let Some(only) = field(node, "parameter") {
            let line = self.to.line(only);
            let name = self.to.text(only);
            self.to.program.parameter(inner, &name, None, line);
        }
        for parameter in field(node, "parameters").map(children).unwrap_or_default() {
            self.parameter(parameter, scope, inner);
        }
        match field(node, "body") {
            Some(body) if body.kind() != "statement_block" => {
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

    fn parameter(&mut self, node: Node<'t>, outer: ScopeId, inner: ScopeId) {
        let pattern = field(node, "pattern").unwrap_or(node);
        let default = field(node, "value").map(|n| self.expr(n, outer));
        let line = self.to.line(node);
        if pattern.kind() == "identifier" {
            let name = self.to.text(pattern);
            self.to.program.parameter(inner, &name, default, line);
            // `constructor(private client: X)` is an attribute too.
            if children(node).iter().any(|n| n.kind() == "accessibility_modifier")
                && let Some((_, [id])) = self
                    .to
                    .program
                    .look_up(inner, &name)
                    .map(|(s, ids)| (s, ids.to_vec()))
                    .as_ref()
                    .map(|(s, ids)| (s, ids.as_slice()))
                && let Some(class) = self.to.program.enclosing(outer, ScopeKind::Class)
            {
                let id = *id;
                self.to.program.bind(class, &name, id);
            }
            return;
        }
        // What is taken apart has no name of its own.
        self.to.program.parameter(inner, "\u{1}", default, line);
        let whole = self.to.program.scopes.get(inner).and_then(|s| s.names.get("\u{1}")?.last().copied());
        self.pattern(pattern, whole.unwrap_or(OPAQUE), inner);
    }

    fn class(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let inner = self.to.program.scope(Some(scope), ScopeKind::Class);
        let id = self.to.add(Expr::Class(inner), node);
        if let Some(name) = field(node, "name") {
            let name = self.to.text(name);
            self.to.program.bind(scope, &name, id);
        }
        for heritage in children(node).into_iter().filter(|n| n.kind() == "class_heritage") {
            let bases: Vec<Id> = children(heritage).into_iter().flat_map(|n| self.all(n, scope)).collect();
            if let Some(inner) = self.to.program.scopes.get_mut(inner) {
                inner.bases = bases;
            }
        }
        self.work.extend(field(node, "body").map(|n| (n, inner)));
        id
    }
}
