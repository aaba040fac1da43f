//! Squid's log in a form given by its `logformat`.

use super::super::layout::{Dialect, Layout, LayoutError, Role, Values, instant};
use super::super::lines::Lines;
use super::super::scalar::{address_bytes, number};
use super::super::web::OTHER_LINE;
use super::super::{Block, Decoder, Settled, Sink, Stop};
use super::exchange::{Exchange, known_hierarchy};
use crate::model::{Flow, Lane};
use std::ops::ControlFlow;

/// Reads lines by a layout.
pub(super) struct Custom {
    layout: Result<Layout, LayoutError>,
}

impl Custom {
    pub(super) fn new(text: &str) -> Custom {
        Custom { layout: Layout::compile(Dialect::Squid, text) }
    }
}

impl Decoder for Custom {
    fn block(&mut self, block: Block<'_>, out: &mut dyn Sink) -> ControlFlow<Stop> {
        let layout = match &self.layout {
            Ok(layout) => layout,
            Err(e) => return ControlFlow::Break(Stop { why: format!("the log_format cannot be used: {e}") }),
        };
        let mut lines = Lines::of(block);
        while let Some(line) = lines.next(out) {
            let cut = layout.cut(line.bytes).ok_or(Settled::Rejected(OTHER_LINE));
            match cut.and_then(|values| flow(&values)) {
                Ok(flow) => out.record(line.at, line.bytes, Settled::Flow(&flow)),
                Err(other) => out.record(line.at, line.bytes, other),
            }
        }
        ControlFlow::Continue(())
    }

    fn finish(&mut self, _: &mut dyn Sink) {}
}

fn flow<'a>(values: &Values<'a>) -> Result<Flow<'a>, Settled<'static, 'static>> {
    let hierarchy = values.get(Role::Hierarchy);
    // A URL with blanks moves what follows it into the wrong fields.
    if hierarchy.is_some_and(|h| !known_hierarchy(h)) {
        return Err(Settled::Rejected(OTHER_LINE));
    }
    let time = instant(values).ok_or(Settled::Rejected("time is not a number"))?;
    let client = values.get(Role::Client).or(values.get(Role::Connection));
    let text = |value: Option<&'a [u8]>| std::str::from_utf8(value.unwrap_or_default()).ok();
    let exchange = Exchange {
        client: text(Some(client.ok_or(Settled::Rejected("no client"))?)),
        result: values.get(Role::Result).unwrap_or_default(),
        // Squid writes 000 where there is none.
        status: values.get(Role::Status).unwrap_or(b"0"),
        method: text(values.get(Role::Method)),
        url: text(values.get(Role::Target)),
        hierarchy,
        peer: values.get(Role::Peer),
        back: values.get(Role::Back),
    };
    let mut flow = Flow::new(time, "", Lane::Proxy);
    exchange.fill(&mut flow, address_bytes)?;
    flow.bytes_out = values.get(Role::Sent).or(values.get(Role::Declared)).and_then(number);
    Ok(flow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, line: &str) -> String {
        let layout = Layout::compile(Dialect::Squid, format).unwrap_or_else(|e| panic!("{e}"));
        let Some(values) = layout.cut(line.as_bytes()) else { return "not cut".to_owned() };
        match flow(&values) {
            Ok(f) => format!(
                "{} {:?} {:?} {} {:?}/{:?}",
                f.time,
                f.server_name,
                f.server_address.map(|a| a.to_string()),
                f.disposition.name(),
                f.bytes_out,
                f.bytes_in
            ),
            Err(other) => format!("{other:?}"),
        }
    }

    const BOTH: &str = "%ts.%03tu %6tr %>a %Ss/%03>Hs %>st/%<st %rm %ru %Sh/%<a %mt";

    #[test]
    fn forms_with_results_say_what_became_of_it() {
        let line = "1795422870.896      2 10.0.0.7 TCP_MISS/200 290/373 POST http://a.example:81/x HIER_DIRECT/192.0.2.1 a/b";
        assert_eq!(
            read(BOTH, line),
            "2026-11-23T08:34:30.894Z Some(\"a.example\") Some(\"192.0.2.1\") delivered Some(290)/Some(373)"
        );
        let blank = line.replace("/x HIER", "/x y HIER");
        assert_eq!(read(BOTH, &blank), "Rejected(\"not a line of this format\")");
        let unread = line.replace("http://a.example:81/x", "error:invalid-request");
        assert_eq!(read(BOTH, &unread), "Ignored(\"request that the proxy could not read\")");
    }

    #[test]
    fn forms_without_results_leave_it_open() {
        let form = "%tS %>a %>Hs %<st %rm %ru";
        let line = "1795422870.896 10.0.0.7 403 5 CONNECT a.example:443";
        assert!(read(form, line).ends_with("unknown None/Some(5)"), "{}", read(form, line));
        let with_peer = format!("{line} HIER_DIRECT");
        assert!(read("%tS %>a %>Hs %<st %rm %ru %Sh", &with_peer).contains("failed"));
        let none = line.replace("403", "200") + " HIER_NONE";
        assert!(read("%tS %>a %>Hs %<st %rm %ru %Sh", &none).contains("unknown"));
    }
}
