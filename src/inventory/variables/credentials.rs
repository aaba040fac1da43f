//! Variables that hold a credential of a hosted service: their names, and whether they are filled in. Never
//! a value.

use super::endpoints::Served;
use super::{Found, Given, Program, Variable, id};
use crate::inventory::endpoint::shown;
use crate::model::data::Locality;
use crate::model::inventory::{Asset, AssetKind, State};
use crate::services::Service;
use crate::services::environment::Environment;

impl Found<'_> {
    pub(super) fn credentials(&mut self, program: &Program<'_>, environment: &Environment, served: &Served) {
        for variable in program.variables {
            if environment.is_secret(&variable.name)
                && let Some(service) = self.context.services.env_var(&variable.name)
            {
                self.relevant = true;
                self.credential(program, variable, service, environment, served);
            }
        }
    }

    fn credential(
        &mut self,
        program: &Program<'_>,
        variable: &Variable,
        service: &Service,
        environment: &Environment,
        served: &Served,
    ) {
        let (mut state, mut because) = match &variable.given {
            Given::Secret => (State::Active, "it is kept in a secret".to_owned()),
            Given::Text(text) if environment.is_placeholder(&variable.name, text) => {
                (State::Inactive, "it is empty or a placeholder".to_owned())
            }
            Given::Text(_) => (State::Active, "it is filled in".to_owned()),
            Given::Open { default: Some(text), .. } if environment.is_placeholder(&variable.name, text) => {
                (State::Inactive, "it is empty or a placeholder unless somebody sets it".to_owned())
            }
            Given::Open { .. } => (State::Active, "whoever starts the program hands it in".to_owned()),
        };
        let mut kept = Some(service.id.clone());
        let content = service.takes_content();
        let mut counts = program.state == State::Active;
        let mut kind = AssetKind::Credential;
        if environment.only_downloads(&variable.name) {
            because.push_str("; it is for downloads");
            kept = None;
            counts = false;
        } else if !content && service.kind == "telemetry" {
            because.push_str("; usage data goes there");
            kind = AssetKind::Telemetry;
            counts = false;
        } else if let Some((Locality::Local | Locality::Undetermined, place)) = served.get(&service.id) {
            because = format!("it goes to `{}`, not to {}", shown(place), service.id);
            state = State::Inactive;
            counts = false;
        }
        if program.state != State::Active {
            state = program.state;
        }
        if counts && state == State::Inactive {
            self.asked.insert(service.id.clone());
        }
        self.asset(Asset {
            kind,
            name: id(program.name, &variable.name),
            place: variable.place.clone(),
            state,
            service: kept,
            sha256: None,
            because: format!("for {}; {because}", service.name),
        });
    }
}
