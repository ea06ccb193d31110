//! A table of a TOML file, read key by key, every key with its place.
//!
//! A table remembers which keys it was asked for: that is the list of the keys that exist, and
//! it is written nowhere else.  Whatever is left over when the reading is finished is unknown.
//!
//! **Deliberately absent:** what any key means, and serde, whose errors know no remedy.

use crate::source::{Remark, Source};
use crate::wording::{instead, listed, nearest, quoted, shown};
use std::ops::{Range, RangeInclusive};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The tables of a text that should be TOML; `start` says what to do about an empty one.
pub(crate) fn parse<'a>(source: &'a Source, start: &str) -> Result<Spanned<DeTable<'a>>, Remark> {
    let text = source.text().trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(source.error(0..0, "this file is empty").remedy(start));
    }
    DeTable::parse(source.text()).map_err(|error| {
        source
            .error(
                error.span().unwrap_or_default(),
                format!("this is not TOML: {}", error.message()),
            )
            .remedy("mend this line; https://toml.io shows how the values are written")
    })
}

/// A table, and which of its keys were read.
pub(crate) struct Table<'a> {
    source: &'a Source,
    /// `cluster.topic`; empty for the file itself.
    path: String,
    span: Range<usize>,
    /// In the order of the file.
    entries: Vec<Entry<'a>>,
    known: Vec<&'static str>,
}

struct Entry<'a> {
    key: &'a str,
    place: Range<usize>,
    value: &'a Spanned<DeValue<'a>>,
    read: bool,
}

/// The value of a key.
#[derive(Clone)]
pub(crate) struct Value<'a> {
    source: &'a Source,
    /// `cluster.topic.acks`.
    path: String,
    key: &'a str,
    key_span: Range<usize>,
    span: Range<usize>,
    value: &'a DeValue<'a>,
}

impl<'a> Table<'a> {
    /// The table that is the file.
    pub(crate) fn of_file(source: &'a Source, parsed: &'a Spanned<DeTable<'a>>) -> Self {
        Table::new(source, String::new(), 0..0, parsed.get_ref())
    }

    fn new(source: &'a Source, path: String, span: Range<usize>, table: &'a DeTable<'a>) -> Self {
        let mut entries: Vec<Entry> = table
            .iter()
            .map(|(key, value)| Entry {
                key: key.get_ref(),
                place: key.span(),
                value,
                read: false,
            })
            .collect();
        entries.sort_by_key(|entry| entry.place.start);
        Table {
            source,
            path,
            span,
            entries,
            known: Vec::new(),
        }
    }

    /// The value of `key`, if the table has it.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Value<'a>> {
        if !self.known.contains(&key) {
            self.known.push(key);
        }
        let at = self.place_of(key)?;
        Some(self.read(at))
    }

    /// The value of `key`, which the table must have; `example` shows how it is written.
    pub(crate) fn need(&mut self, key: &'static str, example: &str) -> Result<Value<'a>, Remark> {
        if let Some(value) = self.take(key) {
            return Ok(value);
        }
        let misspelt = self
            .entries
            .iter()
            .find(|entry| !entry.read && nearest(entry.key, &[key]).is_some());
        match misspelt {
            Some(entry) => Err(self.unknown(entry).remedy(format!("did you mean `{key}`?"))),
            None => Err(self
                .error(match self.path.is_empty() {
                    true => format!("this file has no `{key}`"),
                    false => format!("this `{}` has no `{key}`", self.path),
                })
                .about(self.path_of(key))
                .remedy(format!("add, for example, {example}"))),
        }
    }

    /// Refuses `key`, which has a meaning that this version does not know yet.
    pub(crate) fn not_yet(&mut self, key: &'static str, why: &str) -> Result<(), Remark> {
        let Some(at) = self.place_of(key) else {
            return Ok(());
        };
        Err(self
            .read(at)
            .error(format!("`{key}` is not supported yet: {why}"))
            .remedy("remove it; the rest of the file can be checked without"))
    }

    /// Refuses `key`, which is known under another header.
    pub(crate) fn belongs(&mut self, key: &'static str, header: &str) -> Result<(), Remark> {
        match self.entries.iter().find(|entry| entry.key == key) {
            None => Ok(()),
            Some(entry) => Err(self
                .unknown(entry)
                .remedy(format!("begin it with the line {header}"))),
        }
    }

    /// Every value that was not asked for yet: of a table whose keys the author chooses.
    pub(crate) fn take_all(&mut self) -> Vec<Value<'a>> {
        (0..self.entries.len())
            .filter(|at| !self.entries[*at].read)
            .collect::<Vec<_>>()
            .into_iter()
            .map(|at| self.read(at))
            .collect()
    }

    /// Ends the reading: a key that nobody asked for is unknown.
    pub(crate) fn finish(self) -> Result<(), Remark> {
        match self.entries.iter().find(|entry| !entry.read) {
            None => Ok(()),
            Some(entry) => Err(self.unknown(entry)),
        }
    }

    /// Something that is wrong with the table as a whole.
    pub(crate) fn error(&self, what: impl Into<String>) -> Remark {
        let error = self.source.error(self.span.clone(), what);
        match self.path.is_empty() {
            true => error,
            false => error.about(&self.path),
        }
    }

    /// Something that is probably not meant about a key that the table lacks.
    pub(crate) fn warning(&self, key: &str, what: impl Into<String>) -> Remark {
        self.source
            .warning(self.span.clone(), what)
            .about(self.path_of(key))
    }

    fn place_of(&self, key: &str) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key == key)
    }

    fn read(&mut self, at: usize) -> Value<'a> {
        let path = self.path_of(self.entries[at].key);
        let entry = &mut self.entries[at];
        entry.read = true;
        Value {
            source: self.source,
            path,
            key: entry.key,
            key_span: entry.place.clone(),
            span: entry.value.span(),
            value: entry.value.get_ref(),
        }
    }

    fn unknown(&self, entry: &Entry) -> Remark {
        let known = || self.known.iter().copied();
        let absent: Vec<&str> = known()
            .filter(|known| self.place_of(known).is_none())
            .collect();
        let remedy = match nearest(entry.key, &absent) {
            Some(meant) => format!("did you mean `{meant}`? there are {}", listed(known())),
            None => format!("remove it; the keys here are {}", listed(known())),
        };
        self.source
            .error(
                entry.place.clone(),
                format!("there is no key {}", quoted(entry.key)),
            )
            .about(self.path_of(entry.key))
            .remedy(remedy)
    }

    fn path_of(&self, key: &str) -> String {
        let key = shown(key);
        match self.path.is_empty() {
            true => key,
            false => format!("{}.{key}", self.path),
        }
    }
}

impl<'a> Value<'a> {
    /// The last part of its key, as the author wrote it.
    pub(crate) fn key(&self) -> &'a str {
        self.key
    }

    /// A text.
    pub(crate) fn text(&self) -> Result<&'a str, Remark> {
        match self.value {
            DeValue::String(text) => Ok(text),
            DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) => Err(self
                .mistyped("a text")
                .remedy(format!("put it in quotes: \"{}\"", self.written()))),
            _ => Err(self.mistyped("a text")),
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Remark> {
        let text = self.text()?;
        words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, meaning)| *meaning)
            .ok_or_else(|| {
                self.error(format!("`{}` cannot be {}", self.key, quoted(text)))
                    .remedy(instead(text, words.iter().map(|(word, _)| *word)))
            })
    }

    /// A whole number.
    pub(crate) fn number<T: TryFrom<i64>>(&self, range: RangeInclusive<i64>) -> Result<T, Remark> {
        let written = match self.value {
            DeValue::Integer(number) => number,
            DeValue::String(text) if text.parse::<i64>().is_ok() => {
                return Err(self
                    .mistyped("a whole number")
                    .remedy(format!("write it without quotes: {text}")));
            }
            _ => return Err(self.mistyped("a whole number")),
        };
        i64::from_str_radix(written.as_str(), written.radix())
            .ok()
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| {
                let (least, most) = range.into_inner();
                self.error(format!("{} cannot be {}", quoted(self.key), written))
                    .remedy(format!("write a number from {least} to {most}"))
            })
    }

    /// `true` or `false`.
    pub(crate) fn switch(&self) -> Result<bool, Remark> {
        match self.value {
            DeValue::Boolean(on) => Ok(*on),
            _ => Err(self
                .mistyped("true or false")
                .remedy("write true or false, without quotes")),
        }
    }

    /// A table.
    pub(crate) fn table(self) -> Result<Table<'a>, Remark> {
        match self.value {
            DeValue::Table(table) => Ok(Table::new(self.source, self.path, self.span, table)),
            _ => Err(self.mistyped("a table")),
        }
    }

    /// The values of a list.
    pub(crate) fn list(&self) -> Result<Vec<Value<'a>>, Remark> {
        let DeValue::Array(items) = self.value else {
            return Err(self
                .mistyped("a list")
                .remedy(format!("put it in brackets: [{}]", self.written())));
        };
        let item = |item: &'a Spanned<DeValue<'a>>| Value {
            source: self.source,
            path: self.path.clone(),
            key: self.key,
            key_span: self.key_span.clone(),
            span: item.span(),
            value: item.get_ref(),
        };
        Ok(items.iter().map(item).collect())
    }

    /// The tables under headers in double brackets.
    pub(crate) fn tables(&self) -> Result<Vec<Table<'a>>, Remark> {
        let header = format!(
            "begin each with the line [[{}]], in double brackets",
            self.path
        );
        let DeValue::Array(items) = self.value else {
            return Err(self.mistyped("a list of tables").remedy(header));
        };
        items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::Table(table) => Ok(Table::new(
                    self.source,
                    self.path.clone(),
                    item.span(),
                    table,
                )),
                _ => Err(self.mistyped("a list of tables").remedy(&header)),
            })
            .collect()
    }

    /// Something that is wrong with the value.
    pub(crate) fn error(&self, what: impl Into<String>) -> Remark {
        self.source.error(self.span.clone(), what).about(&self.path)
    }

    /// Something that is wrong with the key, where the author chooses it.
    pub(crate) fn key_error(&self, what: impl Into<String>) -> Remark {
        self.source
            .error(self.key_span.clone(), what)
            .about(&self.path)
    }

    /// Something about the value that is probably not meant.
    pub(crate) fn warning(&self, what: impl Into<String>) -> Remark {
        self.source
            .warning(self.span.clone(), what)
            .about(&self.path)
    }

    fn mistyped(&self, wanted: &str) -> Remark {
        let found = match self.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(format!(
            "{} must be {wanted}, and this is {found}",
            quoted(self.key)
        ))
        .remedy(format!("write {wanted}"))
    }

    /// The value as it stands in the file, if it is short.
    fn written(&self) -> &'a str {
        self.source.text().get(self.span.clone()).unwrap_or("…")
    }
}
