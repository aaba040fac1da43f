//! Variables that switch something on or off.

use super::{Found, Program, id};
use crate::inventory::endpoint::operation;
use crate::model::data::{DataKind, DataKinds};
use crate::model::inventory::{Asset, AssetKind, Spelled, State};
use crate::services::environment::{Effect, Environment, Switch};

impl Found<'_> {
    pub(super) fn switches(&mut self, program: &Program<'_>, environment: &Environment) {
        for variable in program.variables {
            let Some(switch) = environment.switch(&variable.name) else { continue };
            self.relevant = true;
            let value = variable.given.by_default().unwrap_or_default();
            let set = switch.set_by(value);
            let (kind, because) = match (switch.effect, set) {
                (Effect::Offline, true) => (AssetKind::Guard, "downloads are switched off"),
                (Effect::Quiet, true) => (AssetKind::Guard, "usage data is switched off"),
                (Effect::NoRemoteCode, true) => (AssetKind::Guard, "code that comes with models is refused"),
                (Effect::Quiet, false) if !value.trim().is_empty() => {
                    (AssetKind::Telemetry, "usage data is not switched off")
                }
                (Effect::Relay, true) => {
                    let what = "it opens a link through a third party";
                    self.switched(
                        program,
                        switch,
                        variable,
                        DataKinds::of(&[DataKind::Prompt, DataKind::Image]),
                        what,
                    );
                    continue;
                }
                (Effect::Trace, true) => {
                    let what = "it hands every prompt to a tracing service";
                    self.switched(program, switch, variable, DataKinds::of(&[DataKind::Prompt]), what);
                    continue;
                }
                _ => continue,
            };
            self.asset(Asset {
                kind,
                name: id(program.name, &variable.name),
                place: variable.place.clone(),
                state: program.state,
                service: switch.service.clone(),
                sha256: None,
                because: because.to_owned(),
            });
        }
    }

    fn switched(
        &mut self,
        program: &Program<'_>,
        switch: &Switch,
        variable: &super::Variable,
        sends: DataKinds,
        what: &str,
    ) {
        let spelled = Spelled { vendor: switch.service.clone(), ..Spelled::default() };
        let id = id(program.name, &variable.name);
        let made = operation(variable.place.clone(), &id, sends, what, spelled, self.context);
        self.capable |= !program.runs && program.state == State::Active;
        self.push(made, program);
    }
}
