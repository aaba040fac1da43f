//! SD.Next: its `config.json`, and the parameters of a job.
//!
//! What would mislead: a cloud model stands where a file of weights stands, as the name of a checkpoint; and
//! the remote decoder of latents is a parameter of a job, not a setting.

use super::{Context, File, Importer, settings};
use crate::model::inventory::{FileInventory, Verdict};
use crate::services::settings::Settings;

pub(super) struct SdNext;

pub(super) static IMPORTER: SdNext = SdNext;

impl Importer for SdNext {
    fn id(&self) -> &'static str {
        "sdnext"
    }

    fn about(&self) -> &'static str {
        "SD.Next: config.json, job parameters, its list of cloud models"
    }

    fn doc(&self) -> &'static str {
        "Recognised by `sd_model_checkpoint` with a key that only SD.Next writes, or by `vae_type` among the \
         parameters of a job.\n\n\
         Generation is local. Prompts and images leave if the checkpoint is a cloud model (to Google, with \
         the Vertex location where one is set), if images are described by one, if `remote_vae_encode` is \
         on, or if a job's `vae_type` is Remote. `offline_mode` is a guard."
    }

    fn import(&self, file: &File<'_>, context: &Context<'_>) -> Option<FileInventory> {
        settings::json(file, self.id(), context).or_else(|| catalogue(file, self.id()))
    }
}

/// SD.Next's own list of cloud models names what could be used; it is no pipeline.
fn catalogue(file: &File<'_>, id: &str) -> Option<FileInventory> {
    (file.holds("\"path\"") && file.holds("\"preview\"") && file.holds("gemini-")).then_some(())?;
    let entries = file.json()?.as_ref().ok()?.entries();
    let cloud = Settings::of(id)?.keys.iter().find(|k| k.names("sd_model_checkpoint"))?;
    let listed = |model: &&str| cloud.speaks_of(model);
    let models = entries.iter().filter_map(|(_, model)| model.text_of("path")).filter(listed).count();
    (models > 0 && models == entries.len()).then(|| FileInventory {
        verdict: Verdict::NoEvidence,
        notes: vec!["a list of cloud models, none of which is chosen here".to_owned()],
        ..FileInventory::new(file.path, id)
    })
}

#[cfg(test)]
mod tests;
