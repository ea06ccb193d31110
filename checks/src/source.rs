//! A file that a person wrote, and what we have to say about it.
//!
//! **Deliberately absent:** what the text means.  `table` knows tables and keys, and
//! [`crate::deployment_file`] knows deployments.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

/// The most bytes a file may have.  Nobody draws a deployment that long; a log or a disk image
/// given by mistake is refused before it is read.
const MOST_BYTES: u64 = 1024 * 1024;

/// The most letters of what is said: it may quote a file that is one endless word.
const MOST_SAID: usize = 600;

/// A text, and the name of the file it came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    file: String,
    text: String,
}

impl Source {
    /// A text that is already at hand.
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Self {
        Source {
            file: file.into(),
            text: text.into(),
        }
    }

    /// The text of the file at `path`.
    pub fn read(path: &Path) -> Result<Source, Remark> {
        let file = path.display().to_string();
        let refuse = |what: String, remedy: &str| Remark {
            severity: Severity::Error,
            file: file.clone(),
            excerpt: None,
            key: None,
            what,
            remedy: remedy.into(),
        };
        let unreadable = |error: std::io::Error| {
            refuse(
                format!("this file cannot be read: {error}"),
                "name a file that exists and that you may read",
            )
        };
        if path.is_dir() {
            return Err(refuse(
                "this is a directory".into(),
                "name one of the files in it",
            ));
        }
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|open| open.take(MOST_BYTES + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(refuse(
                "this file is longer than a MiB".into(),
                "name a file that a person wrote; they take a screen or two",
            ));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            refuse(
                format!("this is not a text: byte {at} is not UTF-8"),
                "name a text file, saved as UTF-8",
            )
        })?;
        Ok(Source { file, text })
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Something that is wrong at these bytes of the text.
    pub fn error(&self, span: Range<usize>, what: impl Into<String>) -> Remark {
        self.remark(Severity::Error, span, what.into())
    }

    /// Something that is wrong with the whole file, or with what was asked about it.
    pub fn whole(&self, what: impl Into<String>) -> Remark {
        Remark {
            excerpt: None,
            ..self.remark(Severity::Error, 0..0, what.into())
        }
    }

    /// Something that is wrong with a line, counted from one.
    pub fn line(&self, number: usize, what: impl Into<String>) -> Remark {
        let lines = self.text.split_inclusive('\n');
        let begin: usize = lines.take(number.saturating_sub(1)).map(str::len).sum();
        let length = self.text[begin..].lines().next().map_or(0, str::len);
        self.error(begin..begin + length, what)
    }

    /// Something that is legal at these bytes of the text, and probably not meant.
    pub fn warning(&self, span: Range<usize>, what: impl Into<String>) -> Remark {
        self.remark(Severity::Warning, span, what.into())
    }

    fn remark(&self, severity: Severity, span: Range<usize>, mut what: String) -> Remark {
        if let Some((end, _)) = what.char_indices().nth(MOST_SAID) {
            what.truncate(end);
            what.push('…');
        }
        Remark {
            severity,
            file: self.file.clone(),
            excerpt: Some(Box::new(self.excerpt(span))),
            key: None,
            what,
            remedy: String::new(),
        }
    }

    /// The line on which `span` begins, and the part of the span that is on it.
    fn excerpt(&self, span: Range<usize>) -> Excerpt {
        let start = self.boundary(span.start);
        let begin = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let rest = &self.text[begin..];
        let line = rest.lines().next().unwrap_or_default();
        let within = |at: usize| self.boundary(at).saturating_sub(begin).min(line.len());
        Excerpt {
            number: self.text[..begin].matches('\n').count() + 1,
            columns: within(start)..within(span.end.max(start)),
            line: line.into(),
        }
    }

    /// The nearest boundary of a character at or before `at`: a parser's place in a broken text
    /// may lie within one, or beyond the end.
    fn boundary(&self, at: usize) -> usize {
        (0..=at.min(self.text.len()))
            .rev()
            .find(|at| self.text.is_char_boundary(*at))
            .unwrap_or(0)
    }
}

/// What is said about a file: what is wrong, where, and what to do.
///
/// It prints with the offending line under it, without colour; [`Remark::render`] knows colours.
#[derive(Clone, PartialEq, Eq)]
pub struct Remark {
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// The file.
    pub file: String,
    /// The place; `None` where the file as a whole is meant.
    pub excerpt: Option<Box<Excerpt>>,
    /// The key that is meant, such as `cluster.topic.acks`.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// Whether a file can be used all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    /// No.
    Error,
    /// Yes, but something in it is probably not meant.
    Warning,
}

/// A line of a file, and a part of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Excerpt {
    /// Which line, counted from one.
    pub number: usize,
    /// The bytes of the line that are meant.
    pub columns: Range<usize>,
    /// The line.
    pub line: String,
}

impl Remark {
    /// This remark about the key of that name.
    pub fn about(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// This remark, with what to do.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }

    /// The line it is about, counted from one.
    pub fn line(&self) -> Option<usize> {
        self.excerpt.as_ref().map(|excerpt| excerpt.number)
    }

    /// The remark for a person, in colours or without.
    pub fn render(&self, coloured: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(match &self.excerpt {
            Some(_) => self.what.clone(),
            None => format!("{}: {}", self.file, self.what),
        });
        let mut report = match &self.excerpt {
            Some(excerpt) => title.element(
                Snippet::source(excerpt.line.as_str())
                    .path(self.file.as_str())
                    .line_start(excerpt.number)
                    .annotation(
                        AnnotationKind::Primary
                            .span(excerpt.columns.clone())
                            .label(self.key.as_deref()),
                    ),
            ),
            None => annotate_snippets::Group::with_title(title),
        };
        if !self.remedy.is_empty() {
            report = report.element(Level::HELP.message(self.remedy.as_str()));
        }
        let renderer = match coloured {
            true => Renderer::styled(),
            false => Renderer::plain(),
        };
        renderer.render(&[report])
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// As it prints: a test that ends in an error shows it so.
impl fmt::Debug for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Remark {}
