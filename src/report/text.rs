//! Terminal text: what a person at a prompt needs to act, and the sentence to quote last.

use super::{Options, RenderError, Reporter};
use crate::model::audit::{Conclusion, Outcome};
use crate::model::text::visible;
use crate::report::evidence::{Bytes, Evidence, Finding, Reason, Rule, Where};
use std::fmt::Write;

/// Groups shown in full; the rest is one line with their total.
const GROUPS: usize = 10;
/// Sampled records shown for a finding.
const SAMPLES: usize = 2;

pub(super) struct Text;

impl Reporter for Text {
    fn id(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> &'static str {
        "findings, coverage and conclusion for a terminal"
    }

    fn render(&self, evidence: &Evidence, options: Options) -> Result<Vec<u8>, RenderError> {
        let mut page = Page { out: String::new(), color: options.color };
        page.findings(evidence);
        page.open_rules(evidence);
        page.tables(evidence);
        page.conclusion(evidence);
        Ok(page.out.into_bytes())
    }
}

struct Page {
    out: String,
    color: bool,
}

impl Page {
    fn line(&mut self, text: &str) {
        self.out.push_str(&visible(text));
        self.out.push('\n');
    }

    /// A word in colour, then text. Colour never carries meaning alone.
    fn marked(&mut self, outcome: Outcome, word: &str, text: &str) {
        let code = match outcome {
            Outcome::Fail | Outcome::Error => "31;1",
            Outcome::Inconclusive => "33;1",
            Outcome::Pass => "32",
            Outcome::NotApplicable => "2",
        };
        if self.color {
            let _ = write!(self.out, "\u{1b}[{code}m{}\u{1b}[0m ", visible(word));
        } else {
            let _ = write!(self.out, "{} ", visible(word));
        }
        self.line(text);
    }

    fn findings(&mut self, e: &Evidence) {
        for f in e.findings.iter().take(GROUPS) {
            let waived = if f.waived_by.is_some() { ", waived" } else { "" };
            let word = format!("{}[{}{waived}]", f.outcome.name(), f.rule);
            self.marked(f.outcome, &word, &format!("{} {}", f.id, f.message));
            self.details(e, f);
        }
        let rest: Vec<_> = e.findings.iter().skip(GROUPS).collect();
        if !rest.is_empty() {
            let records: u64 = rest.iter().map(|f| f.records.0).sum();
            self.line(&format!(
                "... and {} more findings, {records} records; every one is in the json and html reports",
                rest.len()
            ));
        }
        if !e.findings.is_empty() {
            self.out.push('\n');
        }
    }

    fn details(&mut self, e: &Evidence, f: &Finding) {
        let mut facts =
            vec![format!("severity {}", f.severity.name()), format!("certainty {}", f.certainty.name())];
        if let Some(seen) = f.visibility {
            facts.push(format!("seen by {}", seen.name()));
        }
        if f.records.0 > 0 {
            facts.push(format!("{} records", f.records.0));
            facts.push(bytes(&f.bytes_out));
        }
        if let Some(place) = &f.place {
            facts.push(format!("in {place}"));
        }
        self.line(&format!("    {}", facts.join(", ")));
        if let Some(seen) = &f.seen {
            self.line(&format!("    from {} to {}", seen.first, seen.last));
        }
        for x in f.exemplars.iter().take(SAMPLES) {
            let at = x.line.map_or_else(|| format!("record {}", x.record.0), |l| format!("line {}", l.0));
            let digest = x.sha256.get(..16).unwrap_or(&x.sha256);
            self.line(&format!("    --> {} {} {at} (byte {}, sha256 {digest})", x.source, x.log, x.offset.0));
        }
        for place in f.declared.iter().take(SAMPLES) {
            self.line(&format!("    --> {}", at(place)));
        }
        self.line(&format!("    policy {}", at(&f.stated)));
        if let Some(waiver) =
            f.waived_by.and_then(|i| e.waivers.get(usize::try_from(i.0).unwrap_or(usize::MAX)))
        {
            self.line(&format!("    waived by {} until {}: {}", waiver.approver, waiver.end, waiver.reason));
        }
        if let Some(settle) = &f.settle {
            self.line(&format!("    to settle it: {settle}"));
        } else if let Some(rule) = e.rules.iter().find(|r| r.id == f.rule) {
            self.line(&format!("    fix: {}", rule.fix));
        }
    }

    /// Rules left open by missing evidence rather than by a finding.
    fn open_rules(&mut self, e: &Evidence) {
        let open = |r: &&Rule| r.outcome == Outcome::Inconclusive && r.findings.0 == 0;
        if e.conclusion == Conclusion::DeclarationExamined || e.rules.iter().filter(open).count() == 0 {
            return;
        }
        for rule in e.rules.iter().filter(open) {
            self.marked(rule.outcome, &format!("inconclusive[{}]", rule.id), &rule.reason);
            for settle in &rule.settle {
                self.line(&format!("    to settle it: {settle}"));
            }
            self.line(&format!("    policy {}", at(&rule.stated)));
        }
        self.out.push('\n');
    }

    fn tables(&mut self, e: &Evidence) {
        for s in &e.sources {
            let gap = crate::model::time::show_duration(
                i64::try_from(s.longest_silence_ms.0).unwrap_or(i64::MAX / 1000) * 1000,
            );
            self.line(&format!(
                "source {}: {} ({}), bypass {}, liveness by {}, longest silence {gap}",
                s.id, s.point, s.kind, s.bypass, s.liveness
            ));
        }
        for x in &e.expected {
            self.line(&format!(
                "expected {}: {} records, {}, {} destinations",
                x.id,
                x.records.0,
                bytes(&x.bytes_out),
                x.destinations.0
            ));
        }
        for w in &e.waivers {
            let remarks =
                if w.remarks.is_empty() { String::new() } else { format!(" ({})", w.remarks.join(", ")) };
            self.line(&format!(
                "waiver on {} for {}: {}, {} findings{remarks}",
                w.rule, w.scope, w.status, w.findings.0
            ));
        }
        for (what, rows) in [("blocked", &e.blocked), ("unresolved", &e.unresolved)] {
            for row in rows.iter().take(GROUPS) {
                self.line(&format!(
                    "{what}: {} to {}, {} records: {}",
                    row.client, row.destination, row.records.0, row.note
                ));
            }
            if rows.len() > GROUPS {
                self.line(&format!("{what}: ... and {} more rows", rows.len() - GROUPS));
            }
        }
        for log in &e.logs {
            if let Some(why) = &log.skipped {
                self.line(&format!("not read: {} ({why})", log.path));
            }
            for x in &log.records.rejected {
                self.line(&format!("not understood: {}, {} records: {}", log.path, x.records, x.reason));
            }
        }
        for x in &e.omitted {
            self.line(&format!("left out by the limit of a report: {} of {}", x.entries, x.list));
        }
        if e.others.clients.0 > 0 {
            self.line(&format!(
                "other clients: {} with {} records; counted, destinations not listed",
                e.others.clients.0, e.others.records.0
            ));
        }
        if e.time_supplied {
            self.line("disclosed: the time of this report was supplied by the operator");
        }
        for disclosure in &e.disclosures {
            self.line(&format!("disclosed: {disclosure}"));
        }
    }

    fn conclusion(&mut self, e: &Evidence) {
        let r = &e.records;
        let total = |reasons: &[Reason]| reasons.iter().map(|x| x.records.0).sum::<u64>();
        self.line(&format!(
            "records: {} read = {} flows + {} ignored + {} rejected",
            r.read,
            r.flows,
            total(&r.ignored),
            total(&r.rejected)
        ));
        self.out.push('\n');
        self.line(&e.sentence);
    }
}

fn at(place: &Where) -> String {
    let mut text = place.file.clone();
    if let Some(line) = place.line {
        let _ = write!(text, ":{}", line.0);
    }
    if let Some(inside) = &place.inside {
        let _ = write!(text, " ({inside})");
    }
    text
}

fn bytes(b: &Bytes) -> String {
    match (b.sum.0, b.unknown.0) {
        (0, 0) => "0 bytes out".to_owned(),
        (0, _) => "bytes out not logged".to_owned(),
        (sum, 0) => format!("{sum} bytes out"),
        (sum, unknown) => format!("{sum} bytes out and {unknown} records without a size"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::hides;
    use crate::report::samples;

    fn render(e: &Evidence, color: bool) -> String {
        String::from_utf8(Text.render(e, Options { color }).unwrap()).unwrap()
    }

    #[test]
    fn findings_come_first_and_the_sentence_last() {
        let e = samples::shipyard();
        let text = render(&e, false);
        assert!(text.starts_with("fail[prompt-egress]"), "{text}");
        assert_eq!(text.lines().last().unwrap(), e.sentence);
        for place in ["logs/access.log", "1042", "policies/defense.toml:31", "logs/cache.bin"] {
            assert!(text.contains(place), "{place} is missing: {text}");
        }
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn what_is_folded_is_counted() {
        let mut e = samples::shipyard();
        let one = e.findings[0].clone();
        e.findings =
            (0..25).map(|i| Finding { destination: Some(format!("h{i}.example")), ..one.clone() }).collect();
        let text = render(&e, false);
        assert_eq!(text.matches("fail[prompt-egress]").count(), GROUPS);
        assert!(text.contains("15 more findings, 45 records"), "{text}");
    }

    #[test]
    fn hostile_text_reaches_no_terminal_and_starts_no_line() {
        for color in [false, true] {
            let mut text = render(&samples::hostile(), color);
            for code in ["31;1", "33;1", "32", "2", "0"] {
                text = text.replace(&format!("\u{1b}[{code}m"), "");
            }
            assert!(text.chars().all(|c| c == '\n' || !hides(c)), "{text:?}");
            assert!(!text.lines().any(|line| line.starts_with("::")), "a line is a workflow command");
        }
    }
}
