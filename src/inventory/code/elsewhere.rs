//! What one file makes and another calls.

use super::program::{Call, Expr, Id};
use super::reader::Reader;
use super::value::Value;
use crate::inventory::endpoint::{Target, shown, unknown};
use crate::model::data::{Certainty, Locality};
use crate::services::sdks::{Client, Package, Role};

/// Most segments of a method of an unknown object.
const LONGEST_METHOD: usize = 3;

impl Reader<'_> {
    /// A client for any host, made for other files: with an address of its own it may send anything there.
    pub(super) fn handed_on_anywhere(
        &mut self,
        id: Id,
        package: &Package,
        client: &Client,
        mut target: Target,
    ) {
        if target.locality == Locality::Local || target.route.is_empty() {
            return;
        }
        target.locality = Locality::Undetermined;
        target.certainty = Certainty::Possible;
        let what = format!("a client of `{}` is made for other files", package.name);
        self.push(id, &format!("{} client", package.name), client.handed_on, &what, target);
    }

    /// A method of an object that nothing is known about, whose arguments say enough.
    pub(super) fn unresolved(&mut self, id: Id, call: &Call) {
        let Expr::Member(of, method) = self.evaluator.program.expr(call.callee) else { return };
        let open = |v: &Value| match v {
            Value::Unknown | Value::Open(_) => true,
            Value::Symbol(path) => self.evaluator.sdks.resolve(self.evaluator.language, path).is_none(),
            _ => false,
        };
        if !self.evaluator.values(*of).iter().any(open) {
            return;
        }
        // `images.generate` says more than `generate`.
        let mut paths = vec![method.clone()];
        let mut inner = *of;
        while let (Expr::Member(of, part), true) =
            (self.evaluator.program.expr(inner), paths.len() < LONGEST_METHOD)
        {
            paths.push(format!("{part}.{}", paths.last().map_or("", String::as_str)));
            inner = *of;
        }
        let sdks = self.evaluator.sdks;
        let found = paths.into_iter().rev().find_map(|path| Some((sdks.unresolved(&path)?, path)));
        let Some((spec, path)) = found else { return };
        match spec.role {
            Role::Serve if spec.share.keys().any(|s| self.named(&call.arguments, s).is_some()) => {
                self.serve(id, spec, &call.arguments);
            }
            Role::Send if spec.paths.iter().any(|p| *p == path && p.contains('.')) => {
                let what = format!("`{}` of a client made elsewhere is called", shown(&path));
                let target = unknown("where it goes is decided where the client is made");
                self.push(id, &path, spec.sends, &what, target);
            }
            Role::Http if self.telling_address(spec, &call.arguments) => {
                self.http(id, spec, None, &call.arguments, method);
            }
            _ => {}
        }
    }
}
