//! What is run on an input, and what its answer must be.

use crate::kinds::Kind;
use crate::run::Shell;
use crate::world::Totals;
use crate::{Outcome, duck};

/// A way of reading an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// `wc -l`.
    Wc,
    /// `rg -c -F -f` with the names of the services list.
    Rg,
    /// Domicile with one thread, without SHA-256.
    One,
    /// Domicile with one thread, all of it.
    Sha,
    /// `openssl dgst -sha256`.
    OpenSsl,
    /// Domicile with two threads, without SHA-256.
    Two,
    /// Domicile from a pipe.
    Stdin,
    /// Domicile with two threads on the gzip form.
    Gz,
    /// `gzip -dc` of it.
    Gunzip,
    /// Domicile with two threads on the zstd form.
    Zst,
    /// `zstd -dc` of it.
    Unzstd,
    /// A filter of jq, its rows added up by awk.
    Jq,
    /// DuckDB with one thread.
    Duck,
    /// DuckDB with two threads.
    DuckTwo,
}

impl Tool {
    pub(crate) const ALL: [Tool; 14] = [
        Tool::Wc,
        Tool::Rg,
        Tool::One,
        Tool::Sha,
        Tool::OpenSsl,
        Tool::Two,
        Tool::Stdin,
        Tool::Gz,
        Tool::Gunzip,
        Tool::Zst,
        Tool::Unzstd,
        Tool::Jq,
        Tool::Duck,
        Tool::DuckTwo,
    ];

    /// Whether it is Domicile, whose totals must be right.
    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Tool::One | Tool::Sha | Tool::Two | Tool::Stdin | Tool::Gz | Tool::Zst)
    }

    /// Whether it has totals of its own to compare.
    fn is_rival(self) -> bool {
        matches!(self, Tool::Jq | Tool::Duck | Tool::DuckTwo)
    }

    /// Whether it has something to say about that kind.
    pub(crate) fn fits(self, kind: Kind) -> bool {
        match self {
            Tool::Rg => kind.has_names(),
            Tool::Gz | Tool::Gunzip | Tool::Zst | Tool::Unzstd | Tool::Jq => kind == Kind::Eve,
            Tool::Duck | Tool::DuckTwo => duck::query(kind).is_some(),
            _ => true,
        }
    }

    /// What must be installed, and how that is done on Debian.
    pub(crate) fn needs(self, shell: &Shell) -> Result<(), (&'static str, &'static str)> {
        let (program, how) = match self {
            Tool::Rg => ("rg", "`rg`: apt install ripgrep"),
            Tool::OpenSsl => ("openssl", "`openssl`: apt install openssl"),
            Tool::Gz | Tool::Gunzip => ("gzip", "`gzip`: apt install gzip"),
            Tool::Zst | Tool::Unzstd => ("zstd", "`zstd`: apt install zstd"),
            Tool::Jq => ("jq", "`jq`: apt install jq"),
            Tool::Duck | Tool::DuckTwo if shell.python.is_some() => return Ok(()),
            Tool::Duck | Tool::DuckTwo => {
                return Err((
                    "duckdb",
                    "DuckDB: python3 -m venv target/bench-tools/duckdb && target/bench-tools/duckdb/bin/pip install duckdb",
                ));
            }
            Tool::Wc | Tool::One | Tool::Sha | Tool::Two | Tool::Stdin => return Ok(()),
        };
        if shell.has(program) { Ok(()) } else { Err((program, how)) }
    }

    /// The line of bash; `$1` is the log, `$2` the file of names.
    pub(crate) fn script(self, kind: Kind) -> String {
        match self {
            Tool::Wc => "$T wc -l \"$1\"".into(),
            Tool::Rg => "$T rg -c -F -f \"$2\" \"$1\"".into(),
            Tool::One => "$T \"$D\" scan \"$1\" --threads 1 --no-sha256".into(),
            Tool::Sha => "$T \"$D\" scan \"$1\" --threads 1".into(),
            Tool::OpenSsl => "$T openssl dgst -sha256 \"$1\"".into(),
            Tool::Two => "$T \"$D\" scan \"$1\" --threads 2 --no-sha256".into(),
            Tool::Stdin => "cat \"$1\" | $T \"$D\" scan - --threads 1 --no-sha256".into(),
            Tool::Gz => "$T \"$D\" scan \"$1.gz\" --threads 2 --no-sha256".into(),
            Tool::Gunzip => "$T gzip -dc \"$1.gz\" > /dev/null".into(),
            Tool::Zst => "$T \"$D\" scan \"$1.zst\" --threads 2 --no-sha256".into(),
            Tool::Unzstd => "$T zstd -q -dc \"$1.zst\" > /dev/null".into(),
            Tool::Jq => format!("$T jq -R -r '{JQ}' \"$1\" | awk -F '\\t' '{AWK}'"),
            Tool::Duck => duck::script(kind, 1),
            Tool::DuckTwo => duck::script(kind, 2),
        }
    }

    /// Holds what it printed against the truth. `Ok(false)`: another program is off by more than a hundredth,
    /// which the table tells; what Domicile says must be the truth.
    pub(crate) fn check(self, printed: &str, truth: &Totals) -> Outcome<bool> {
        if self.is_ours() {
            let said = Said::of(printed)?;
            if (Totals { size: truth.size, ..said.totals() }) != *truth {
                return Err(format!("{self:?}: written {truth:?}, but scanned {said:?}").into());
            }
        } else if self.is_rival() {
            let said = numbers(printed.lines().last().unwrap_or_default());
            let near = |said: u64, true_: u64| said.abs_diff(true_) * 100 <= true_;
            return Ok(match said[..] {
                [flows, sent, back] => {
                    near(flows, truth.flows) && near(sent, truth.sent) && near(back, truth.back)
                }
                _ => false,
            });
        }
        Ok(true)
    }
}

/// Records by host with their bytes: what Domicile takes as flows. Lines that are no JSON are passed over.
const JQ: &str = r#"fromjson? | select(.event_type == "flow" or .event_type == "tls" or .event_type == "http" or .event_type == "dns") | [.http.hostname // .tls.sni // .dns.rrname // .dest_ip, (.flow.bytes_toserver // ([.http.request_headers[]? | select(.name == "Content-Length") | .value | tonumber] | first) // 0), (.flow.bytes_toclient // .http.length // 0)] | @tsv"#;

const AWK: &str = r#"{ n[$1]++; o[$1] += $2; b[$1] += $3 } END { for (h in n) { r += n[h]; x += o[h]; y += b[h] } printf "%d %.0f %.0f\n", r, x, y }"#;

/// What the last line of a scan says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Said {
    read: u64,
    flows: u64,
    ignored: u64,
    rejected: u64,
    sent: u64,
    back: u64,
    pub(crate) aggregates: u64,
}

impl Said {
    /// `total: 1,234 records read = 1,200 flows + 30 ignored + 4 rejected; 5,678 bytes out, 9,012 bytes in; 77
    /// aggregates`.
    pub(crate) fn of(printed: &str) -> Outcome<Said> {
        let line = printed.lines().last().filter(|l| l.starts_with("total: "));
        let line = line.ok_or("the last line of `scan` is no total")?;
        let [read, flows, ignored, rejected, sent, back, aggregates] = numbers(line)[..] else {
            return Err(format!("not seven numbers in `{line}`").into());
        };
        if read != flows + ignored + rejected {
            return Err(format!("records do not add up in `{line}`").into());
        }
        Ok(Said { read, flows, ignored, rejected, sent, back, aggregates })
    }

    fn totals(&self) -> Totals {
        let Said { flows, ignored, rejected, sent, back, .. } = *self;
        Totals { size: 0, flows, ignored, rejected, sent, back }
    }
}

/// The whole numbers of a line, with or without commas.
fn numbers(line: &str) -> Vec<u64> {
    let plain = line.replace(',', "");
    let words = plain.split(|c: char| !c.is_ascii_digit()).filter(|w| !w.is_empty());
    words.filter_map(|w| w.parse().ok()).collect()
}
