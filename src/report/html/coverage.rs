//! Geometry of the coverage timeline. The same facts stand in a table beside it.

use crate::model::time::{Period, Time};
use crate::report::evidence::{Evidence, Source};
use serde::Serialize;

/// Width of the time axis in user units of the drawing.
const WIDTH: i64 = 640;
/// Where the axis begins: room for the labels.
const LEFT: i64 = 170;
/// Height of one source.
const ROW: i64 = 30;
/// The most sources drawn; the table has all of them.
const DRAWN: usize = 40;
/// The most gaps drawn for one source.
const GAPS: usize = 60;
/// The longest label drawn.
const LABEL: usize = 22;

/// The drawing.
#[derive(Serialize)]
pub(super) struct Chart {
    left: i64,
    width: i64,
    total: i64,
    height: i64,
    axis: i64,
    ticks: Vec<Tick>,
    rows: Vec<Row>,
    not_drawn: usize,
}

/// A mark on the axis.
#[derive(Serialize)]
struct Tick {
    x: i64,
    day: String,
    time: String,
    anchor: &'static str,
}

/// One source.
#[derive(Serialize)]
struct Row {
    label: String,
    y: i64,
    text: i64,
    seen: Option<Bar>,
    gaps: Vec<Bar>,
}

/// A stretch of time.
#[derive(Serialize)]
struct Bar {
    x: i64,
    w: i64,
}

/// The drawing, or `None` without a source or a period.
pub(super) fn chart(e: &Evidence) -> Option<Chart> {
    let span = e.period.end.since(e.period.start);
    if e.sources.is_empty() || span <= 0 {
        return None;
    }
    let rows: Vec<Row> =
        e.sources.iter().take(DRAWN).zip(0..).map(|(s, i)| row(s, i * ROW + 4, e.period)).collect();
    let axis = i64::try_from(rows.len()).unwrap_or(0) * ROW + 6;
    let tick = |part: i64, anchor| {
        let at = e.period.start.plus(i64::try_from(i128::from(span) * i128::from(part) / 4).unwrap_or(0));
        let text = at.to_string();
        Tick {
            x: LEFT + WIDTH * part / 4,
            day: text.chars().take(10).collect(),
            time: text.chars().skip(11).take(5).collect(),
            anchor,
        }
    };
    Some(Chart {
        left: LEFT,
        width: WIDTH,
        total: LEFT + WIDTH + 10,
        height: axis + 40,
        axis,
        ticks: vec![
            tick(0, "start"),
            tick(1, "middle"),
            tick(2, "middle"),
            tick(3, "middle"),
            tick(4, "end"),
        ],
        not_drawn: e.sources.len().saturating_sub(rows.len()),
        rows,
    })
}

fn row(s: &Source, y: i64, period: Period) -> Row {
    Row {
        label: crate::model::text::shorten(&s.id, LABEL),
        y,
        text: y + 15,
        seen: s.seen.as_ref().and_then(|seen| bar(seen.first, seen.last, period)),
        gaps: s.gaps.iter().take(GAPS).filter_map(|g| bar(g.start, g.end, period)).collect(),
    }
}

/// The part of a stretch that lies in the period, at least two units wide so that it can be seen.
fn bar(start: Time, end: Time, period: Period) -> Option<Bar> {
    let (start, end) = (start.max(period.start), end.min(period.end));
    if end < start {
        return None;
    }
    let x = place(start, period);
    Some(Bar { x, w: (place(end, period) - x).max(2) })
}

fn place(time: Time, period: Period) -> i64 {
    let span = i128::from(period.end.since(period.start)).max(1);
    let into = i128::from(time.since(period.start)).clamp(0, span);
    LEFT + i64::try_from(into * i128::from(WIDTH) / span).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_cut_to_the_period_and_stays_visible() {
        let at = |h: i64| Time::from_seconds(h * 3600).unwrap();
        let period = Period { start: at(10), end: at(14) };
        let whole = bar(at(0), at(99), period).unwrap();
        assert_eq!((whole.x, whole.w), (LEFT, WIDTH));
        let half = bar(at(12), at(13), period).unwrap();
        assert_eq!((half.x, half.w), (LEFT + WIDTH / 2, WIDTH / 4));
        assert_eq!(bar(at(12), at(12), period).unwrap().w, 2);
        assert!(bar(at(15), at(16), period).is_none());
    }
}
