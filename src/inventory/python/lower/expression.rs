//! Expressions.

use super::Lower;
use crate::inventory::code::parse::{children, field};
use crate::inventory::code::program::{Argument, Call, Expr, Id, OPAQUE, ScopeId};
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
    pub(super) fn binary(&mut self, node: Node<'t>, scope: ScopeId) -> Id {
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
