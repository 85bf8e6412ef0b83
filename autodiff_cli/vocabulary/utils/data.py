"""`torch.utils.data`: datasets, and loaders that draw batches in the reference's order.

Sources: torch/utils/data/dataset.py, sampler.py, dataloader.py, _utils/collate.py.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, islice
from typing import Any

import numpy as np

from autodiff_cli.errors import (
    AssertionFault,
    NotImplementedFault,
    RuntimeFault,
    TypeFault,
    ValueFault,
)
from autodiff_cli.random.generator import Generator
from autodiff_cli.random.streams import default_generator, generator_of
from autodiff_cli.tensors.tensor import Tensor, of_array
from autodiff_cli.vocabulary.calls.calling import call, subclassable, torch_call
from autodiff_cli.vocabulary.calls.handles import named


def dataset(name: str) -> Callable[[type], type]:
    return subclassable(
        "torch.utils.data.dataset", f"utils.data.{name}", f"utils.data.dataset.{name}"
    )


@dataset("Dataset")
class Dataset:
    """The base of a program's datasets."""

    def __class_getitem__(cls, item: Any) -> Any:
        return cls

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedFault("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Any) -> Any:
        return ConcatDataset([self, other])


@dataset("IterableDataset")
class IterableDataset(Dataset):
    """A dataset that is read from its beginning."""


@dataset("TensorDataset")
class TensorDataset(Dataset):
    def __init__(self, *tensors: Any) -> None:
        if any(call(tensors[0], "size", 0) != call(tensor, "size", 0) for tensor in tensors):
            raise AssertionFault("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> Any:
        return tuple([tensor[index] for tensor in self.tensors])

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])


@dataset("ConcatDataset")
class ConcatDataset(Dataset):
    def __init__(self, datasets: Any) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionFault("datasets should not be an empty iterable")
        self.cumulative_sizes = list(accumulate(len(entry) for entry in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any) -> Any:
        if index < 0:
            if -index > len(self):
                raise ValueFault("absolute value of index should not exceed dataset length")
            index += len(self)
        which = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]


@dataset("Subset")
class Subset(Dataset):
    def __init__(self, dataset: Any, indices: Any) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[entry] for entry in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


@named("utils.data.random_split", "utils.data.dataset.random_split")
def random_split(dataset: Any, lengths: Any, generator: Any = None) -> list[Any]:
    total = sum(lengths)
    if math.isclose(total, 1) and total <= 1:
        for place, share in enumerate(lengths):
            if not 0 <= share <= 1:
                raise ValueFault(f"Fraction at index {place} is not between 0 and 1")
        lengths = [math.floor(len(dataset) * share) for share in lengths]
        for place in range(len(dataset) - sum(lengths)):
            lengths[place % len(lengths)] += 1
    if sum(lengths) != len(dataset):
        raise ValueFault("Sum of input lengths does not equal the length of the input dataset!")
    indices = generator_of(generator).randperm(len(dataset)).tolist()
    ends = accumulate(lengths)
    return [
        Subset(dataset, indices[end - length : end])
        for end, length in zip(ends, lengths, strict=True)
    ]


# ---- samplers -----------------------------------------------------------------------------------


def sampler_class(name: str) -> Callable[[type], type]:
    return subclassable(
        "torch.utils.data.sampler", f"utils.data.{name}", f"utils.data.sampler.{name}"
    )


@sampler_class("Sampler")
class Sampler:
    """The base of samplers: iterables of indices."""

    def __class_getitem__(cls, item: Any) -> Any:
        return cls


@sampler_class("SequentialSampler")
class SequentialSampler(Sampler):
    def __init__(self, data_source: Any) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


def _drawn_seed(generator: Any) -> int:
    return int(generator.random_((), np.dtype(np.int64)))


@sampler_class("RandomSampler")
class RandomSampler(Sampler):
    """Indices in a random order, which a generator of its own draws."""

    def __init__(
        self,
        data_source: Any,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Any = None,
    ) -> None:
        self.data_source, self.replacement = data_source, replacement
        self._num_samples, self.generator = num_samples, generator
        if not isinstance(replacement, bool):
            raise TypeFault(
                f"replacement should be a boolean value, but got replacement={replacement}"
            )
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueFault(
                "num_samples should be a positive integer value, but got "
                f"num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        count, wanted = len(self.data_source), self.num_samples
        if self.generator is None:
            source = Generator().manual_seed(_drawn_seed(default_generator()))
        else:
            source = generator_of(self.generator)
        if self.replacement:
            for _ in range(wanted // 32):
                yield from source.randint(0, count, (32,)).tolist()
            yield from source.randint(0, count, (wanted % 32,)).tolist()
            return
        for _ in range(wanted // count):
            yield from source.randperm(count).tolist()
        yield from source.randperm(count).tolist()[: wanted % count]

    def __len__(self) -> int:
        return self.num_samples


@sampler_class("BatchSampler")
class BatchSampler(Sampler):
    def __init__(self, sampler: Any, batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ValueFault(
                f"batch_size should be a positive integer value, but got batch_size={batch_size}"
            )
        if not isinstance(drop_last, bool):
            raise ValueFault(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        rest = 0 if self.drop_last else self.batch_size - 1
        return (len(self.sampler) + rest) // self.batch_size


# ---- batches ------------------------------------------------------------------------------------


@named("utils.data.default_collate", "utils.data.dataloader.default_collate")
def default_collate(batch: Any) -> Any:
    """Samples as one batch: tensors stacked, numbers as a tensor, tuples and dicts entry by entry."""
    first = batch[0]
    if isinstance(first, Tensor):
        return torch_call("stack", list(batch), 0)
    if isinstance(first, np.ndarray):
        return of_array(np.stack(batch))
    if isinstance(first, np.generic):
        return of_array(np.array(batch))
    if isinstance(first, float):
        return of_array(np.array(batch, np.float64))
    if isinstance(first, bool):
        return of_array(np.array(batch, np.bool_))
    if isinstance(first, int):
        return of_array(np.array(batch, np.int64))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeFault("each element in list of batch should be of equal size")
        columns = [default_collate(list(column)) for column in zip(*batch, strict=True)]
        if hasattr(first, "_fields"):
            return type(first)(*columns)
        return columns
    raise TypeFault(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"{type(first)}"
    )


@subclassable(
    "torch.utils.data.dataloader", "utils.data.DataLoader", "utils.data.dataloader.DataLoader"
)
class DataLoader:
    """Batches of a dataset, in order or shuffled anew at each pass."""

    def __class_getitem__(cls, item: Any) -> Any:
        return cls

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Any = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Any = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        **options: Any,
    ) -> None:
        if num_workers < 0:
            raise ValueFault(
                "num_workers option should be non-negative; use num_workers=0 to disable "
                "multiprocessing."
            )
        if sampler is not None and shuffle:
            raise ValueFault("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueFault(
                    "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and "
                    "drop_last"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueFault(
                "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
            )
        self._iterable = isinstance(dataset, IterableDataset)
        if sampler is None and not self._iterable:
            if shuffle:
                sampler = RandomSampler(dataset, generator=generator)
            else:
                sampler = SequentialSampler(dataset)
        if batch_size is not None and batch_sampler is None and not self._iterable:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self.num_workers, self.pin_memory = num_workers, pin_memory
        batched = batch_sampler is not None or (self._iterable and batch_size is not None)
        self.collate_fn = collate_fn or (default_collate if batched else _as_it_is)

    def __iter__(self) -> Iterator[Any]:
        _drawn_seed(generator_of(self.generator))  # the reference's workers would be seeded by it
        return self._batches()

    def _batches(self) -> Iterator[Any]:
        if self._iterable:
            entries = iter(self.dataset)
            if self.batch_size is None:
                yield from map(self.collate_fn, entries)
                return
            while batch := list(islice(entries, self.batch_size)):
                if len(batch) < self.batch_size and self.drop_last:
                    return
                yield self.collate_fn(batch)
            return
        if self.batch_sampler is None:
            for index in self.sampler:
                yield self.collate_fn(self.dataset[index])
            return
        for indices in self.batch_sampler:
            yield self.collate_fn([self.dataset[index] for index in indices])

    def __len__(self) -> int:
        if self._iterable:
            rest = 0 if self.drop_last else (self.batch_size or 1) - 1
            return (len(self.dataset) + rest) // (self.batch_size or 1)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)


def _as_it_is(sample: Any) -> Any:
    return of_array(sample) if isinstance(sample, np.ndarray) else sample
