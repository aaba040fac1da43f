//! A project held against the policy it names: what can only be checked with both at hand.

use crate::model::Diagnostics;
use crate::model::diagnostic::{Diagnostic, closest};
use crate::model::policy::Policy;
use crate::model::project::Project;

/// Whether the project's waivers are ones the policy accepts: for rules it has, with a scope unless it
/// accepts those without, and no longer than it allows. Reports every one that is not.
pub fn agree(project: &Project, policy: &Policy, out: &mut Diagnostics) -> bool {
    let before = out.list.len();
    for waiver in &project.waivers {
        let (rule, at) = &waiver.rule;
        if !policy.rules.iter().any(|r| r.id == *rule) {
            let ids = policy.rules.iter().map(|r| r.id.as_str());
            let problem =
                Diagnostic::error("unknown-rule", format!("policy `{}` has no rule `{rule}`", policy.id))
                    .at(at.clone(), "waived here");
            out.push(match closest(rule, ids) {
                Some(meant) => problem.help(format!("did you mean `{meant}`?")),
                None => problem.help("take the waiver out, or name a rule of the policy"),
            });
        }
        if waiver.is_blanket() && !policy.blanket_waivers {
            out.push(
                Diagnostic::error("blanket-waiver", format!("the waiver of rule `{rule}` covers everything"))
                    .at(at.clone(), "no `match`")
                    .help(
                        "say what it is limited to: `match = { host = \"...\" }`, `service` or `component`",
                    ),
            );
        }
        let days = (waiver.end - waiver.start).num_days() + 1;
        if let Some(most) = policy.max_waiver_days.filter(|most| days > *most) {
            let message = format!("the waiver of rule `{rule}` lasts {days} days, the policy allows {most}");
            out.push(
                Diagnostic::error("waiver-too-long", message)
                    .at(at.clone(), "this waiver")
                    .help("end it earlier; a new one needs a new approval"),
            );
        }
    }
    out.list.len() == before
}
