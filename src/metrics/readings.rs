//! Values that are read when somebody asks, and not counted as they happen.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Names and values of labels.
type Labels<'a> = &'a [(&'static str, &'a str)];

/// The readings of one scrape.
#[derive(Debug, Default)]
pub struct Readings(Vec<Family>);

#[derive(Debug)]
struct Family {
    name: &'static str,
    help: &'static str,
    values: Values,
}

/// A value and its labels.
type Sample<T> = (Vec<(&'static str, String)>, T);

#[derive(Debug)]
enum Values {
    Gauge(Vec<Sample<f64>>),
    Counter(Vec<Sample<u64>>),
    Seconds(f64),
}

impl Readings {
    /// Something that goes up and down.
    pub fn gauge<'a>(
        &mut self,
        name: &'static str,
        help: &'static str,
        values: impl IntoIterator<Item = (Labels<'a>, f64)>,
    ) {
        self.0.push(Family { name, help, values: Values::Gauge(samples(values)) });
    }

    /// Time that was used so far; `_total` is put behind its name.
    pub fn seconds(&mut self, name: &'static str, help: &'static str, value: f64) {
        self.0.push(Family { name, help, values: Values::Seconds(value) });
    }

    /// Something that only goes up; `_total` is put behind its name.
    pub fn counter<'a>(
        &mut self,
        name: &'static str,
        help: &'static str,
        values: impl IntoIterator<Item = (Labels<'a>, u64)>,
    ) {
        self.0.push(Family { name, help, values: Values::Counter(samples(values)) });
    }
}

fn samples<'a, T>(values: impl IntoIterator<Item = (Labels<'a>, T)>) -> Vec<Sample<T>> {
    let owned = |labels: Labels<'_>| labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    values.into_iter().map(|(labels, value)| (owned(labels), value)).collect()
}

impl Collector for Readings {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for Family { name, help, values } in &self.0 {
            let (name, help) = (*name, *help);
            match values {
                Values::Gauge(samples) => {
                    let family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
                    each(family, samples, |value, metric| ConstGauge::new(value).encode(metric))?;
                }
                Values::Seconds(value) => {
                    let family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
                    ConstCounter::new(*value).encode(family)?;
                }
                Values::Counter(samples) => {
                    let family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
                    each(family, samples, |value, metric| ConstCounter::new(value).encode(metric))?;
                }
            }
        }
        Ok(())
    }
}

fn each<T: Copy>(
    mut family: MetricEncoder<'_>,
    samples: &[Sample<T>],
    encode: impl Fn(T, MetricEncoder<'_>) -> fmt::Result,
) -> fmt::Result {
    for (labels, value) in samples {
        if labels.is_empty() {
            // With an empty set it would write empty braces. Such a sample is the only one of its family.
            return encode(*value, family);
        }
        encode(*value, family.encode_family(labels)?)?;
    }
    Ok(())
}
