//! A call as a ladder, for every report that draws one: a column for each socket that took part,
//! a rung for each message and stream.

use super::model::{Call, Stream};
use super::text::{ms, stream_codec};

pub(crate) struct Ladder<'a> {
    pub(crate) columns: Vec<&'a str>,
    pub(crate) rungs: Vec<Rung<'a>>,
}

pub(crate) struct Rung<'a> {
    pub(crate) time: f64,
    pub(crate) src: &'a str,
    pub(crate) dst: &'a str,
    pub(crate) label: String,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Message,
    /// The same message again.
    Retransmission,
    Media,
}

impl<'a> Ladder<'a> {
    /// The ladder of a call and its streams, with no more columns than `most_columns`.
    pub(crate) fn new(
        call: &'a Call,
        streams: impl Iterator<Item = &'a Stream>,
        most_columns: usize,
    ) -> Self {
        let mut columns: Vec<&str> = Vec::new();
        for message in &call.messages {
            for end in [&message.src, &message.dst] {
                if columns.len() < most_columns && !columns.contains(&end.as_str()) {
                    columns.push(end);
                }
            }
        }
        let messages = call.messages.iter().map(|message| Rung {
            time: message.time,
            src: &message.src,
            dst: &message.dst,
            label: message.summary.clone(),
            kind: match message.retransmission {
                true => Kind::Retransmission,
                false => Kind::Message,
            },
        });
        let own = streams.filter(|stream| stream.call_id.as_ref() == Some(&call.call_id));
        let media = own.filter_map(|stream| {
            let (src, dst) = stream.ladder.as_ref()?;
            let (codec, length) = (stream_codec(stream), ms(stream.duration_ms));
            let label = format!("RTP {codec}, {} in {length}", stream.packets);
            Some(Rung {
                time: stream.time,
                src,
                dst,
                label,
                kind: Kind::Media,
            })
        });
        let mut rungs: Vec<_> = messages.chain(media).collect();
        rungs.sort_by(|a, b| a.time.total_cmp(&b.time));
        Self { columns, rungs }
    }

    /// Where a socket's column is, counted from 0.
    pub(crate) fn place(&self, end: &str) -> Option<usize> {
        self.columns.iter().position(|column| *column == end)
    }
}
