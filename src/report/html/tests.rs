use super::*;
use crate::model::text::hides;
use crate::report::evidence::unescape_from_page;
use crate::report::samples::{HOSTILE, hostile, shipyard};

fn rendered(e: &Evidence) -> String {
    String::from_utf8(page(e).unwrap()).unwrap()
}

/// The page before and after its data block, and the block.
fn parts(page: &str) -> (String, String) {
    let (before, rest) = page.split_once(DATA_OPEN).unwrap();
    let (block, after) = rest.split_once(DATA_CLOSE).unwrap();
    (format!("{before}{after}"), block.to_owned())
}

#[test]
fn the_page_is_closed_and_holds_its_evidence() {
    for e in [shipyard(), hostile()] {
        let page = rendered(&e);
        assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
        assert!(page.ends_with("</html>\n"));
        assert!(!page.contains('\r'));
        let (_, block) = parts(&page);
        let canonical = unescape_from_page(&block).unwrap();
        assert_eq!(Evidence::read_canonical(canonical.as_bytes()).unwrap(), e);
        assert_eq!(page, rendered(&e), "not a function of the evidence");
    }
}

#[test]
fn no_hostile_text_gets_out_of_its_place() {
    let page = rendered(&hostile());
    let (shown, _) = parts(&page);
    assert!(shown.chars().all(|c| c == '\n' || !hides(c)), "a character that hides");
    // The page has the same elements whatever the data are.
    let tags = |text: &str| text.matches('<').count();
    let plain = parts(&rendered(&shipyard())).0;
    assert_eq!(tags(&shown), tags(&plain));
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<!--"), "no comment stands before the seal");
    assert!(shown.contains("{{7*7}}") && !shown.contains("{{7*7}}49"));
    assert!(!shown.contains(HOSTILE));
    for attribute in ["href=", "src="] {
        for at in shown.match_indices(attribute).map(|(at, _)| at) {
            let value: String = shown[at + attribute.len()..].chars().take(2).collect();
            let inside_text = shown[..at].ends_with("img ");
            assert!(value == "\"#" || inside_text, "{value}");
        }
    }
}

#[test]
fn nothing_is_loaded_and_nothing_boasts() {
    let (shown, _) = parts(&rendered(&shipyard()));
    for word in ["http://", "https://", "@import", "url(http", "style=\"", "onclick", "\u{2713}", "\u{2705}"]
    {
        assert!(!shown.contains(word), "{word}");
    }
    assert!(!shown.to_lowercase().contains("verified"));
    let style = shown.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = Base64::encode_string(&Sha256::digest(style));
    assert!(
        shown.contains(&format!("style-src &#x27;sha256-{hash}&#x27;"))
            || shown.contains(&format!("style-src 'sha256-{hash}'"))
    );
    let meta = shown.find("charset=\"utf-8\"").unwrap();
    assert!(meta < 1024);
}

#[test]
fn only_style_and_evidence_are_written_unescaped() {
    let safe: Vec<&str> = TEMPLATES
        .iter()
        .flat_map(|(_, text)| text.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap()))
        .filter(|expression| expression.contains("safe"))
        .collect();
    assert_eq!(safe, [" style | safe ", " data_block | safe "]);
    assert!(TEMPLATES.iter().all(|(name, _)| name.ends_with(".html")));
}

#[test]
fn an_empty_audit_renders_and_says_so() {
    let mut e = shipyard();
    e.rules.clear();
    e.findings.clear();
    e.blocked.clear();
    e.unresolved.clear();
    e.expected.clear();
    e.waivers.clear();
    e.sources.clear();
    e.logs.clear();
    e.declared.clear();
    e.subject.components.clear();
    e.subject.handling = None;
    let page = rendered(&e);
    assert!(page.contains("Nothing in this report says what was sent."));
    assert!(page.contains("The policy has no active rule."));
    assert!(page.len() < 64 * 1024, "{}", page.len());
}

#[test]
fn tables_and_headings_can_be_navigated() {
    let (shown, _) = parts(&rendered(&shipyard()));
    assert_eq!(shown.matches("<h1>").count(), 1);
    assert_eq!(shown.matches("<table").count(), shown.matches("<caption>").count());
    assert!(!shown.contains("<th>"), "a header without scope");
    let mut ids: Vec<&str> = shown.split(" id=\"").skip(1).map(|r| r.split('"').next().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "ids are not unique");
    for target in shown.split("href=\"#").skip(1).map(|r| r.split('"').next().unwrap()) {
        assert!(ids.contains(&target), "{target}");
    }
    for target in shown.split("aria-labelledby=\"").skip(1).map(|r| r.split('"').next().unwrap()) {
        assert!(target.split(' ').all(|t| ids.contains(&t)), "{target}");
    }
}
