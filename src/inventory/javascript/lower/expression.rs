//! Expressions.

use super::Lower;
use crate::inventory::code::parse::{children, field};
use crate::inventory::code::program::{Argument, Call, Expr, Id, OPAQUE, ScopeId, ScopeKind};
use tree_sitter::Node;

impl<'t> Lower<'_, '_, 't> {
    pub(super) fn all(&mut self, node: Node<'t>, scope: ScopeId) -> Vec<Id> {
        children(node).into_iter().map(|n| self.expr(n, scope)).collect()
    }

    pub(super) fn expr(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        if !self.to.enter(node) {
            return OPAQUE;
        }
        let id = self.expression(node, scope);
        self.to.leave();
        id
    }

    fn expression(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        match node.kind() {
            "identifier" | "shorthand_property_identifier" => {
                self.to.add(Expr::Name(self.to.text(node), scope), node)
            }
            "import" => self.to.add(Expr::Name("import".to_owned(), scope), node),
            "this" => self.to.add(Expr::This(scope), node),
            "string" => {
                let text = self.specifier(node);
                self.to.add(Expr::Text(text), node)
            }
            "template_string" => {
                let mut pieces = Vec::new();
                for child in children(node) {
                    let piece = match child.kind() {
                        "template_substitution" => self.all(child, scope).first().copied().unwrap_or(OPAQUE),
                        _ => self.to.add(Expr::Text(self.to.text(child)), child),
                    };
                    pieces.push(piece);
                }
                self.to.add(Expr::Joined(pieces), node)
            }
            "number" => self.to.add(Expr::Number(self.to.text(node)), node),
            "true" => self.to.add(Expr::Bool(true), node),
            "false" => self.to.add(Expr::Bool(false), node),
            "null" | "undefined" => self.to.add(Expr::Nothing, node),
            "member_expression" => {
                let of = field(node, "object").map_or(OPAQUE, |n| self.expr(n, scope));
                let key = field(node, "property").map(|n| self.to.text(n)).unwrap_or_default();
                self.to.add(Expr::Member(of, key.trim_start_matches('#').to_owned()), node)
            }
            "meta_property" => {
                let import = self.to.add(Expr::Name("import".to_owned(), scope), node);
                self.to.add(Expr::Member(import, "meta".to_owned()), node)
            }
            "subscript_expression" => {
                let of = field(node, "object").map_or(OPAQUE, |n| self.expr(n, scope));
                let key = field(node, "index").map_or(OPAQUE, |n| self.expr(n, scope));
                self.to.add(Expr::Index(of, key), node)
            }
            "call_expression" | "new_expression" => self.call(node, scope),
            "assignment_expression" => {
                let value = field(node, "right").map_or(OPAQUE, |n| self.expr(n, scope));
                let target = field(node, "left").map_or(OPAQUE, |n| self.expr(n, scope));
                self.to.program.assign(scope, target, value);
                value
            }
            "binary_expression" => self.binary(node, scope),
            "ternary_expression" => {
                let all = self.all(node, scope);
                let of = all.get(1..).unwrap_or_default().to_vec();
                self.to.add(Expr::Either { of, fallback: false }, node)
            }
            "parenthesized_expression"
            | "await_expression"
            | "as_expression"
            | "satisfies_expression"
            | "non_null_expression" => self.all(node, scope).first().copied().unwrap_or(OPAQUE),
            "sequence_expression" | "type_assertion" => {
                self.all(node, scope).last().copied().unwrap_or(OPAQUE)
            }
            "array" => {
                let items = self.all(node, scope);
                self.to.add(Expr::List(items), node)
            }
            "object" => self.object(node, scope),
            "arrow_function" | "function_expression" | "generator_function" => self.function(node, scope),
            "class" => self.class(node, scope),
            "statement_block" => {
                self.work.push((node, scope));
                OPAQUE
            }
            _ => {
                self.all(node, scope);
                OPAQUE
            }
        }
    }

    /// `+`, `||`, `??`, `&&`; chains lean to the left, as deep as they are long.
    pub(super) fn binary(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let sign = |n: Node<'t>| field(n, "operator").map(|o| o.kind()).unwrap_or_default();
        let first = sign(node);
        let mut operands = Vec::new();
        let mut at = node;
        while at.kind() == "binary_expression" && sign(at) == first {
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
            "||" | "??" => self.to.add(Expr::Either { of: ids, fallback: true }, node),
            "&&" => ids.last().copied().unwrap_or(OPAQUE),
            _ => OPAQUE,
        }
    }

    fn object(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let mut entries = Vec::new();
        for child in children(node) {
            match child.kind() {
                "pair" => {
                    let key = field(child, "key");
                    let name = key.map(|n| self.specifier(n)).unwrap_or_default();
                    let value = field(child, "value").map_or(OPAQUE, |n| self.expr(n, scope));
                    entries.push((Some(name), value));
                }
                "shorthand_property_identifier" => {
                    let name = self.to.text(child);
                    let value = self.expr(child, scope);
                    entries.push((Some(name), value));
                }
                "spread_element" => {
                    let value = self.all(child, scope).first().copied().unwrap_or(OPAQUE);
                    entries.push((None, value));
                }
                "method_definition" => {
                    let name = field(child, "name").map(|n| self.to.text(n)).unwrap_or_default();
                    let inner = self.to.program.scope(Some(scope), ScopeKind::Module);
                    let value = self.function(child, inner);
                    entries.push((Some(name), value));
                }
                _ => {}
            }
        }
        self.to.add(Expr::Map(entries), node)
    }

    fn call(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
        let called = field(node, "function").or_else(|| field(node, "constructor"));
        let arguments = field(node, "arguments").map(children).unwrap_or_default();
        // `require("x")` and `import("x")` are imports.
        if let (Some(called), [specifier]) = (called, arguments.as_slice())
            && (called.kind() == "import" || self.to.text(called) == "require")
            && specifier.kind() == "string"
        {
            let path = self.specifier(*specifier);
            let line = self.to.line(node);
            self.to.program.imports.push((path.clone(), line));
            return self.to.add(Expr::Symbol(path), node);
        }
        let callee = called.map_or(OPAQUE, |n| self.expr(n, scope));
        let arguments = arguments
            .into_iter()
            .map(|child| {
                let spread = child.kind() == "spread_element";
                let value = match children(child).first() {
                    Some(inner) if spread => self.expr(*inner, scope),
                    _ => self.expr(child, scope),
                };
                Argument { name: None, spread, value }
            })
            .collect();
        self.to.add(Expr::Call(Call { callee, arguments }), node)
    }
}
