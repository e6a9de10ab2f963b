"""Tensors, modules and optimizers come back tied to each other as they were."""

from __future__ import annotations

import pytest
from round_trips import notebook, round_trip, stored, without

from fpcache.errors import UncacheableError
from fpcache.replay import torch_codec
from fpcache.replay.codec import dump, load

torch = pytest.importorskip("torch")

DTYPES = ["float32", "float64", "float16", "bfloat16", "int64", "bool", "complex64", "uint8"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_content_and_dtype_are_kept(dtype):
    tensor = torch.arange(6).reshape(2, 3).to(getattr(torch, dtype))
    restored = round_trip(tensor)
    assert restored.dtype is tensor.dtype
    assert torch.equal(restored, tensor)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0)])
def test_scalars_and_empty_tensors(shape):
    tensor = torch.ones(shape)
    assert torch.equal(round_trip(tensor), tensor)


def test_views_share_their_storage():
    base = torch.arange(12.0)
    one, view, transposed = round_trip((base, base[2:4], base.reshape(3, 4).T))
    one[2] = -1
    assert view[0] == -1
    assert transposed[2, 0] == -1
    assert transposed.stride() == (1, 4)


def test_conjugate_and_negative_views_are_kept():
    tensor = torch.tensor([1 + 2j])
    base, conjugate, imaginary = round_trip((tensor, tensor.conj(), tensor.conj().imag))
    assert conjugate.is_conj()
    assert imaginary.item() == -2
    base[0] = 5 + 7j
    assert conjugate[0].item() == 5 - 7j


def test_a_view_of_an_input_tensor_is_a_view_after_a_replay():
    recorded, live = torch.zeros(10), torch.zeros(10)
    dumped = dump(recorded[3:5], nodes=[recorded], namespace={})
    view = load(dumped.stream, stored(dumped), nodes=[live], namespace={})
    live[3] = 8
    assert view[0] == 8


def test_an_input_tensor_with_another_layout_is_refused_at_the_replay():
    recorded = torch.zeros(10)
    dumped = dump(recorded[3:5], nodes=[recorded], namespace={})
    with pytest.raises(UncacheableError, match="another way"):
        load(dumped.stream, nodes=[torch.zeros(20)[:10]], namespace={})


def test_a_small_view_of_a_large_storage_is_stored_alone():
    large = torch.zeros(1_000_000)
    assert dump(large[:3], nodes=(), namespace={}).size_bytes < 3000
    one, other = round_trip((large[:3], large[1:4]))
    one[1] = 5
    assert other[0] == 5


def test_a_restored_tensor_that_owned_its_memory_can_be_resized():
    assert round_trip(torch.zeros(3)).resize_(10).shape == (10,)


def test_gradients_and_the_leaf_flag_are_kept():
    leaf = torch.ones(2, requires_grad=True)
    (leaf * 3).sum().backward()
    restored = round_trip(leaf)
    assert restored.requires_grad
    assert restored.is_leaf
    assert restored.grad.tolist() == [3.0, 3.0]


def test_a_tensor_with_a_graph_is_refused_with_its_path():
    leaf = torch.ones(2, requires_grad=True)
    with pytest.raises(UncacheableError, match=r"grad_fn"):
        dump({"loss": leaf.exp()}, nodes=(), namespace={})


def test_an_optimizer_holds_the_models_parameters():
    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    restored, again = round_trip((model, optimizer))
    assert [id(p) for p in restored.parameters()] == [id(p) for p in again.param_groups[0]["params"]]
    assert all(isinstance(parameter, torch.nn.Parameter) for parameter in restored.parameters())
    before = restored.weight.detach().clone()
    again.step()
    assert not torch.equal(before, restored.weight)


def test_an_optimizer_of_an_input_model_refers_to_its_parameters():
    model = torch.nn.Linear(3, 2)
    nodes = [model, *model.parameters()]
    optimizer = round_trip(torch.optim.SGD(model.parameters(), lr=1.0), nodes)
    assert optimizer.param_groups[0]["params"][0] is model.weight


def test_tied_weights_stay_tied():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model[1].weight = model[0].weight
    restored = round_trip(model)
    assert restored[0].weight is restored[1].weight


def test_modules_of_many_kinds_work_after_a_round_trip():
    model = torch.nn.ModuleDict({"lstm": torch.nn.LSTM(2, 3), "norm": torch.nn.BatchNorm1d(3)}).eval()
    restored = round_trip(model)
    assert not restored.training
    assert torch.equal(restored["lstm"](torch.ones(1, 2))[0], model["lstm"](torch.ones(1, 2))[0])


def test_a_notebooks_module_refers_to_its_class():
    namespace = notebook(
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.l = torch.nn.Linear(2, 1)\n"
        "    def forward(self, x): return self.l(x)\n"
        "net = Net()",
        torch=torch,
    )
    restored = round_trip(namespace["net"], namespace=without(namespace, "net"))
    assert type(restored) is namespace["Net"]
    assert torch.equal(restored(torch.ones(2)), namespace["net"](torch.ones(2)))


@pytest.mark.filterwarnings("ignore:Seems like `optimizer.step")
def test_a_scheduler_still_drives_its_optimizer():
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    optimizer.step()
    one, other = round_trip((optimizer, scheduler))
    assert other.optimizer is one
    one.step()
    other.step()
    assert one.param_groups[0]["lr"] == pytest.approx(0.1)


def test_sparse_tensors_and_generators():
    sparse = torch.tensor([[0, 1.0], [2, 0]]).to_sparse()
    assert torch.equal(round_trip(sparse).to_dense(), sparse.to_dense())
    generator = torch.Generator().manual_seed(3)
    assert torch.equal(torch.rand(2, generator=round_trip(generator)), torch.rand(2, generator=generator))


def test_an_array_from_a_tensor_still_shares_with_it():
    tensor = torch.arange(5.0)
    one, array = round_trip((tensor, tensor.numpy()[1:]))
    one[1] = 40
    assert array[0] == 40


def test_a_tensor_over_an_array_is_refused_rather_than_copied():
    array = pytest.importorskip("numpy").zeros(5)
    for nodes, value in (((), (array, torch.from_numpy(array))), ((array,), torch.from_numpy(array))):
        with pytest.raises(UncacheableError, match="shares memory"):
            dump({"x": value}, nodes=nodes, namespace={})


def test_a_large_tensor_lies_on_the_given_buffer(monkeypatch):
    monkeypatch.setattr(torch_codec, "OWNED_BYTES", 1000)
    dumped = dump(torch.zeros(20_000), nodes=(), namespace={})
    (buffer,) = stored(dumped)
    restored = load(dumped.stream, [buffer], nodes=(), namespace={})
    restored[0] = 1
    assert any(buffer[:4])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_tensor_on_the_gpu_comes_back_there():
    tensor = torch.arange(5, device="cuda")
    restored, view = round_trip((tensor, tensor[1:]))
    assert restored.is_cuda
    restored[1] = 9
    assert view[0].item() == 9


def test_a_tensor_of_a_missing_gpu_is_an_error_at_the_replay(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UncacheableError, match="GPU"):
        torch_codec.build_storage(b"1234", 4, "cuda")
