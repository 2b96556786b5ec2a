//! Changes to an XML text by place, so that whatever is not changed stays as it was, byte by byte.

use std::ops::Range;

use quick_xml::events::{BytesStart, Event};

use super::MarkError;

/// Changes to a text, in the order of their places.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Puts a text at a place.
    pub(super) fn insert(&mut self, at: usize, text: String) {
        self.0.push((at..at, text));
    }

    /// Puts a text in place of another.
    pub(super) fn replace(&mut self, range: Range<usize>, text: String) {
        self.0.push((range, text));
    }

    /// The text with the changes.
    pub(super) fn apply(self, source: &str) -> Result<String, MarkError> {
        let more: usize = self.0.iter().map(|(_, text)| text.len()).sum();
        let mut changed = String::with_capacity(source.len() + more);
        let mut at = 0;
        for (range, text) in self.0 {
            changed.push_str(source.get(at..range.start).ok_or(MarkError::Unsupported)?);
            changed.push_str(&text);
            at = range.end;
        }
        changed.push_str(source.get(at..).ok_or(MarkError::Unsupported)?);
        Ok(changed)
    }
}

/// A tag of the text and where it stands.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    pub(super) kind: TagKind,
    /// Of an opening tag: its name and attributes.
    pub(super) start: Option<BytesStart<'a>>,
    /// The name without a prefix.
    pub(super) name: String,
    /// The prefix, with its colon.
    pub(super) prefix: String,
    pub(super) range: Range<usize>,
    /// How many elements it stands in.
    pub(super) depth: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagKind {
    Open,
    Close,
    /// `<c/>`.
    Empty,
}

/// Goes through the tags of a text.
pub(super) struct Tags<'a> {
    reader: quick_xml::Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Tags<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self {
            reader: quick_xml::Reader::from_str(text),
            depth: 0,
        }
    }

    /// The next tag; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Tag<'a>>, MarkError> {
        let place = |position: u64| usize::try_from(position).map_err(|_| MarkError::Unsupported);
        loop {
            let from = place(self.reader.buffer_position())?;
            let event = self
                .reader
                .read_event()
                .map_err(|_| MarkError::Unsupported)?;
            let range = from..place(self.reader.buffer_position())?;
            let (kind, start, full) = match event {
                Event::Start(start) => {
                    let name = start.name().as_ref().to_owned();
                    (TagKind::Open, Some(start), name)
                }
                Event::Empty(start) => {
                    let name = start.name().as_ref().to_owned();
                    (TagKind::Empty, Some(start), name)
                }
                Event::End(end) => (TagKind::Close, None, end.name().as_ref().to_owned()),
                Event::Eof => return Ok(None),
                _ => continue,
            };
            if kind == TagKind::Close {
                self.depth = self.depth.saturating_sub(1);
            }
            let depth = self.depth;
            if kind == TagKind::Open {
                self.depth += 1;
            }
            let (prefix, name) = match full.split_once(':') {
                Some((prefix, name)) => (format!("{prefix}:"), name.to_owned()),
                None => (String::new(), full),
            };
            return Ok(Some(Tag {
                kind,
                start,
                name,
                prefix,
                range,
                depth,
            }));
        }
    }
}

impl Tag<'_> {
    /// The value of an attribute, as it is written.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let attribute = self.start.as_ref()?.try_get_attribute(name).ok()??;
        Some(attribute.value.into_owned())
    }

    /// The number that an attribute says.
    pub(super) fn number(&self, name: &str) -> Option<u32> {
        self.attribute(name)?.parse().ok()
    }

    /// The tag written anew, with these attributes set.
    pub(super) fn with(&self, set: &[(&str, String)], kind: TagKind) -> String {
        let mut tag = format!("<{}{}", self.prefix, self.name);
        let attributes = self.start.iter().flat_map(BytesStart::attributes);
        for attribute in attributes.filter_map(Result::ok) {
            let key = attribute.key.as_ref();
            if !set.iter().any(|(name, _)| *name == key) {
                push_attribute(&mut tag, key, &attribute.value);
            }
        }
        for (name, value) in set {
            push_attribute(&mut tag, name, value);
        }
        tag.push_str(if kind == TagKind::Empty { "/>" } else { ">" });
        tag
    }
}

fn push_attribute(tag: &mut String, name: &str, value: &str) {
    let quote = if value.contains('"') { '\'' } else { '"' };
    tag.push(' ');
    tag.push_str(name);
    tag.push('=');
    tag.push(quote);
    tag.push_str(value);
    tag.push(quote);
}

/// A text for use between tags or in an attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // What XML 1.0 has no room for.
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            '\u{fffe}' | '\u{ffff}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}

/// The text with something put before the end of its root element.
pub(super) fn append_to_root(text: &str, child: &str) -> Result<String, MarkError> {
    let mut tags = Tags::of(text);
    let mut edits = Edits::default();
    while let Some(tag) = tags.next()? {
        if tag.depth > 0 {
            continue;
        }
        match tag.kind {
            TagKind::Open => {}
            TagKind::Close => edits.insert(tag.range.start, child.to_owned()),
            TagKind::Empty => {
                let open = tag.with(&[], TagKind::Open);
                let close = format!("</{}{}>", tag.prefix, tag.name);
                edits.replace(tag.range, format!("{open}{child}{close}"));
            }
        }
    }
    edits.apply(text)
}
