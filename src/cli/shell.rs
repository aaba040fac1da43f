//! The outside world: files, clock, environment, terminal. The only opener of files.

use super::exit;
use crate::bytes::ReadAt;
use crate::model::text::visible;
use crate::model::{Diagnostics, SourceText, Time};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The largest text file (policy, project, evidence) that is read.
const MOST_TEXT: u64 = 16 << 20;

/// The terminal and what was asked of it.
pub(crate) struct Shell {
    color_out: bool,
    color_err: bool,
}

impl Shell {
    pub(crate) fn new(color: &str) -> Shell {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let decide = |terminal: bool| match color {
            "always" => true,
            "never" => false,
            _ => terminal && !plain,
        };
        Shell { color_out: decide(io::stdout().is_terminal()), color_err: decide(io::stderr().is_terminal()) }
    }

    /// Whether findings may be coloured.
    pub(crate) fn color(&self) -> bool {
        self.color_out
    }

    /// Writes results. A closed pipe is a success: whoever read has seen enough.
    pub(crate) fn out(&self, bytes: &[u8]) -> Result<(), String> {
        match io::stdout().lock().write_all(bytes) {
            Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(format!("standard output: {e}")),
            _ => Ok(()),
        }
    }

    /// Writes a line about the run.
    pub(crate) fn say(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// Writes an error, and what to do about it.
    pub(crate) fn error(&self, message: &str, help: Option<&str>) {
        let mut text = format!("error: {}", visible(message));
        if let Some(help) = help {
            text.push_str(&format!("\n  help: {}", visible(help)));
        }
        self.say(&text);
    }

    /// Writes problems with what somebody wrote.
    pub(crate) fn diagnose(&self, diagnostics: &Diagnostics) {
        if !diagnostics.list.is_empty() {
            self.say(super::show::render(diagnostics, self.color_err).trim_end());
        }
    }

    /// The time of the audit, and whether it was supplied: `--now`, else `SOURCE_DATE_EPOCH`, else the clock.
    pub(crate) fn now(&self, given: Option<&str>) -> Result<(Time, bool), u8> {
        if let Some(text) = given {
            return Time::parse(text).map(|t| (t, true)).ok_or_else(|| {
                self.error(&format!("`{text}` is not an instant"), Some("write it as 2026-11-23T00:00:00Z"));
                exit::INVALID
            });
        }
        if let Ok(text) = std::env::var("SOURCE_DATE_EPOCH") {
            let parsed = text.parse().ok().and_then(Time::from_seconds);
            return parsed.map(|t| (t, true)).ok_or_else(|| {
                self.error(&format!("SOURCE_DATE_EPOCH holds `{text}`, which is no number of seconds"), None);
                exit::INVALID
            });
        }
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(elapsed.as_secs()).ok().and_then(Time::from_seconds);
        seconds.map(|t| (t, false)).ok_or_else(|| {
            self.error("the clock of this machine is out of range", None);
            exit::INTERNAL
        })
    }

    /// Writes a file whole or not at all.
    pub(crate) fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), String> {
        self.write_with(path, |file| file.write_all(bytes))
    }

    /// Writes a file whole or not at all, as it comes: beside it first, then moved over it. What a kill leaves
    /// beside it is hidden, ends in `.part`, and is no name that anybody gave. Who may read a file that is there
    /// already stays as it is, a link stays one, and what is no file (a pipe, a device) is written as it comes.
    pub(crate) fn write_with<T>(
        &self,
        path: &Path,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<T>,
    ) -> Result<T, String> {
        let fail = |e: io::Error| format!("`{}` cannot be written: {e}", path.display());
        let there = match fs::metadata(path) {
            Ok(there) => Some(there),
            Err(e) if e.kind() == io::ErrorKind::NotFound && !path.is_symlink() => None,
            Err(e) => return Err(fail(e)),
        };
        match there {
            Some(there) if there.is_dir() => Err(fail(io::ErrorKind::IsADirectory.into())),
            Some(there) if there.is_file() => {
                let path = fs::canonicalize(path).map_err(fail)?;
                replace(&path, Some(there.permissions()), fill).map_err(fail)
            }
            Some(_) => {
                let file = File::options().write(true).open(path).map_err(fail)?;
                let mut file = BufWriter::with_capacity(1 << 18, file);
                fill(&mut file).and_then(|filled| file.flush().map(|()| filled)).map_err(fail)
            }
            None => replace(path, None, fill).map_err(fail),
        }
    }
}

/// Puts a file in the place of another, if there is one.
fn replace<T>(
    path: &Path,
    permissions: Option<fs::Permissions>,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<T>,
) -> io::Result<T> {
    let directory = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.part", std::process::id()));
    let part = directory.join(hidden);
    let written = (|| {
        let file = File::create(&part)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        let mut file = BufWriter::with_capacity(1 << 18, file);
        let filled = fill(&mut file)?;
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&part, path)?;
        // The new name must outlast a loss of power too; where directories cannot be opened it is not known.
        #[cfg(unix)]
        let _ = File::open(directory).and_then(|d| d.sync_all());
        Ok(filled)
    })();
    written.inspect_err(|_| {
        let _ = fs::remove_file(&part);
    })
}

/// Opens a file to be read from its start to its end.
pub(crate) fn open(path: &Path) -> Result<BufReader<File>, String> {
    let fail = |e: io::Error| format!("`{}` cannot be read: {e}", path.display());
    let file = File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.is_dir() {
        return Err(format!("`{}` is a directory", path.display()));
    }
    Ok(BufReader::with_capacity(1 << 18, file))
}

/// Reads a file of bounded size.
pub(crate) fn read(path: &Path, most: u64) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let meta = fs::metadata(path).map_err(|e| format!("`{shown}` cannot be read: {e}"))?;
    if meta.is_dir() {
        return Err(format!("`{shown}` is a directory"));
    }
    if meta.len() > most {
        return Err(format!("`{shown}` is larger than {most} bytes"));
    }
    fs::read(path).map_err(|e| format!("`{shown}` cannot be read: {e}"))
}

/// Reads a text that reports call `name`.
pub(crate) fn read_text(path: &Path, name: &str) -> Result<Arc<SourceText>, String> {
    let bytes = read(path, MOST_TEXT)?;
    // Problems are shown with the line they are on, so a log named by mistake must not be taken for one.
    if path.extension().is_none_or(|e| e != "toml") {
        return Err(format!("`{}` does not end in `.toml`", path.display()));
    }
    let text = String::from_utf8(bytes)
        .map_err(|e| format!("`{}` is not UTF-8 at byte {}", path.display(), e.utf8_error().valid_up_to()))?;
    let given = path.components().collect::<PathBuf>().to_string_lossy().replace('\\', "/");
    Ok(SourceText::at(given.strip_prefix("./").unwrap_or(&given), name, text))
}

/// A file that can be read at any offset.
pub(crate) struct Disk {
    file: File,
    length: u64,
}

impl Disk {
    /// Opens a file, of which no more than `most` bytes are read.
    pub(crate) fn open(path: &Path, most: u64) -> io::Result<Disk> {
        let file = File::open(path)?;
        let length = file.metadata()?.len().min(most);
        Ok(Disk { file, length })
    }
}

impl Disk {
    /// Whether what was there when it was opened still is, or at least as much.
    pub(crate) fn is_whole(&self) -> bool {
        self.file.metadata().is_ok_and(|m| m.len() >= self.length)
    }

    /// All of it, if it is no longer than that and still there.
    pub(crate) fn whole(&self, most: u64) -> io::Result<Vec<u8>> {
        let too_long = || io::Error::from(io::ErrorKind::FileTooLarge);
        let length =
            usize::try_from(self.length).ok().filter(|_| self.length <= most).ok_or_else(too_long)?;
        let mut bytes = vec![0; length];
        let mut got = 0;
        while let Some(rest) = bytes.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, u64::try_from(got).unwrap_or(u64::MAX)) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => got += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(bytes)
    }

    /// The part of a buffer that lies within the length at opening: a log that grows while it is read is
    /// read as it was then.
    fn within<'b>(&self, buf: &'b mut [u8], offset: u64) -> &'b mut [u8] {
        let most = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = buf.len().min(most);
        buf.get_mut(..len).unwrap_or_default()
    }
}

impl ReadAt for Disk {
    fn len(&self) -> u64 {
        self.length
    }

    #[cfg(unix)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, self.within(buf, offset), offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, self.within(buf, offset), offset)
    }
}
