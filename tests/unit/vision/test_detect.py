import cv2
import numpy as np
import pytest

from chalicelib.intake.pixels import to_pixels
from chalicelib.vision.changes import detect
from chalicelib.vision.features import feature_maps, normalised_greys
from chalicelib.vision.network import network
from tests.support.builders.land import house, land

MPP = 0.6


def marked_m2(mask: np.ndarray, mpp: float = MPP) -> float:
    return float((mask > 0).sum()) * mpp * mpp


def shifted(image: np.ndarray, x: float, y: float) -> np.ndarray:
    size = (image.shape[1], image.shape[0])
    return cv2.warpAffine(image, np.float32([[1, 0, x], [0, 1, y]]), size, borderMode=cv2.BORDER_REFLECT)


def hazy(image: np.ndarray) -> np.ndarray:
    return np.clip(image * 0.7 + np.array([225, 215, 210]) * 0.3, 0, 255).astype(np.uint8)


def gamma(image: np.ndarray) -> np.ndarray:
    return np.clip(255 * (image / 255) ** 0.7, 0, 255).astype(np.uint8)


def cast(image: np.ndarray) -> np.ndarray:
    return np.clip(image * np.array([1.12, 0.95, 0.9]), 0, 255).astype(np.uint8)


def sun_gradient(image: np.ndarray) -> np.ndarray:
    ramp = np.linspace(0.8, 1.2, image.shape[1])[None, :, None]
    return np.clip(image * ramp, 0, 255).astype(np.uint8)


def grainy(image: np.ndarray) -> np.ndarray:
    return np.clip(image + np.random.default_rng(5).normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def jpeg(image: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_COLOR)


def blurred(image: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), 1.2)


def by_1_px(image: np.ndarray) -> np.ndarray:
    return shifted(image, 0.8, -0.6)


def by_4_px(image: np.ndarray) -> np.ndarray:
    return shifted(image, 3.3, -2.3)


def brighter(image: np.ndarray) -> np.ndarray:
    return cv2.add(image, np.full_like(image, 30))


def test_a_new_house_is_found_where_it_stands():
    before = land()
    mask = detect(before, house(before, 140, 200), MPP)
    assert mask.dtype == np.uint8
    assert mask.shape == before.shape[:2]
    assert (mask[200:218, 140:164] > 0).mean() > 0.5
    mask[180:240, 120:190] = 0
    assert not mask.any()


@pytest.mark.parametrize(
    "nuisance",
    [brighter, hazy, gamma, cast, sun_gradient, grainy, jpeg, blurred, by_1_px, by_4_px],
    ids=lambda f: f.__name__,
)
def test_it_is_quiet_where_nothing_changed(nuisance):
    for seed in (1, 2):
        image = land(seed=seed)
        assert marked_m2(detect(image, nuisance(image), MPP)) == 0


@pytest.mark.parametrize("nuisance", [brighter, hazy, gamma, cast, by_4_px], ids=lambda f: f.__name__)
def test_a_house_is_found_through_other_light_and_a_shift(nuisance):
    before = land(seed=3)
    mask = detect(before, nuisance(house(before, 100, 220, width=30, height=24)), MPP)
    assert (mask[220:244, 100:130] > 0).mean() > 0.3


def test_a_scale_that_no_image_has_does_not_make_it_fail():
    before = land(seed=4)
    for mpp in (1e-300, 1e-9, -1.0, 1e9, 1e300, float("inf")):
        assert detect(before, house(before, 60, 220), mpp).shape == before.shape[:2]


def test_either_order_gives_the_same_mask():
    before = land(seed=4)
    after = by_1_px(hazy(house(before, 60, 220, width=40, height=30)))
    mask = detect(before, after, MPP)
    assert mask.any()
    assert np.array_equal(mask, detect(after, before, MPP))


def test_the_same_pair_gives_the_same_mask_again():
    before, after = land(seed=5), house(land(seed=5), 60, 220)
    assert np.array_equal(detect(before, after, MPP), detect(before.copy(), after.copy(), MPP))


def test_a_little_more_or_less_metres_a_pixel_moves_the_mask_little():
    before = land(seed=6)
    after = house(before, 120, 220, width=50, height=40)
    sizes = [marked_m2(detect(before, after, mpp), mpp) / mpp**2 for mpp in (0.95, 0.98, 1.0, 1.02, 1.05)]
    assert min(sizes) > 0
    assert max(sizes) < 1.25 * min(sizes)


@pytest.mark.parametrize("side", [1, 5, 16, 64, 100, 2048])
@pytest.mark.parametrize("mpp", [0.1, 0.6, 10.0])
def test_any_size_works_and_the_same_image_is_quiet(side, mpp):
    image = land(min(side, 512))
    image = np.tile(image[:, :96], (4, 1, 1)) if side > 512 else image  # narrow: only a side of it is large
    assert detect(image, image, mpp).shape == image.shape[:2]
    assert not detect(image, image, mpp).any()


def odd_pairs():
    image = land(128)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    yield "grey", grey, cv2.cvtColor(brighter(image), cv2.COLOR_BGR2GRAY)
    yield "black", image, np.zeros_like(image)
    yield "both black", np.zeros_like(image), np.zeros_like(image)
    yield "white", image, np.full_like(image, 255)
    yield "constant", image, np.full_like(image, 90)
    yield "other size", image, cv2.resize(image, (97, 141), interpolation=cv2.INTER_AREA)
    yield "alpha", np.dstack([image, np.zeros((128, 128, 1), np.uint8)]), image
    yield "16 bits", image.astype(np.uint16) * 257, image
    yield "floats", image.astype(np.float64), image
    yield "not a number", np.full((128, 128, 3), np.nan), image
    yield "empty", np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0, 3), np.uint8)
    yield "a line", image[:1], image[:1]


@pytest.mark.parametrize(("before", "after"), [pair[1:] for pair in odd_pairs()], ids=[pair[0] for pair in odd_pairs()])
@pytest.mark.parametrize("mpp", [0.6, 0.0, float("nan"), 1e-300, 1e300])
def test_nothing_makes_it_fail_or_cry_wolf(before, after, mpp):
    mask = detect(before, after, mpp)
    assert mask.shape == before.shape[:2]
    assert not mask.any()


@pytest.mark.parametrize("level", [0, 255])
def test_ground_outside_the_scene_is_no_change(level):
    before = land(seed=7)
    after = before.copy()
    cv2.fillPoly(after, [np.array([[0, 0], [150, 0], [60, 319], [0, 319]])], (level,) * 3)
    assert not detect(before, after, MPP).any()
    assert detect(before, house(after, 200, 220), MPP).any()


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("angle", [0, 7, 33])
def test_what_a_jpeg_makes_of_the_scenes_rim_is_no_change(level, angle):
    before = land(400, seed=2)
    turn = cv2.getRotationMatrix2D((200, 200), angle, 0.8)
    after = before.copy()
    after[cv2.warpAffine(np.ones((400, 400), np.uint8), turn, (400, 400)) == 0] = level
    assert not detect(before, jpeg(after), MPP).any()


def test_nearly_black_ground_outside_the_scene_is_no_change():
    before = land(400, seed=2)
    after = before.copy()
    after[:, :90] = (3, 2, 1)
    assert not detect(before, after, MPP).any()


def test_what_is_not_a_number_is_not_seen():
    before = land(seed=7)
    after = house(before, 200, 220).astype(np.float32)
    after[40:110, 60:130] = np.nan
    after[250:300, 20:80, 1] = np.inf
    assert np.array_equal(detect(before, after, MPP) > 0, detect(before, house(before, 200, 220), MPP) > 0)


def cloud(image: np.ndarray, *, softness: float) -> np.ndarray:
    cover = np.zeros(image.shape[:2], np.float32)
    cv2.ellipse(cover, (60, 150), (110, 240), 10, 0, 360, 1.0, -1)
    cover = cv2.GaussianBlur(cover, (0, 0), softness)[..., None]
    grain = cv2.GaussianBlur(np.random.default_rng(1).normal(0, 60, image.shape[:2]).astype(np.float32), (0, 0), 8)
    return np.clip(image * (1 - cover) + (235 + grain[..., None]) * cover, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("softness", [2, 6, 14])
def test_a_cloud_over_half_the_image_is_no_change(softness):
    before = land(seed=8)
    assert marked_m2(detect(before, cloud(before, softness=softness), MPP)) == 0


def test_a_house_beside_a_cloud_is_found():
    before = land(seed=8)
    after = cloud(house(before, 270, 230, width=30, height=24), softness=6)
    assert (detect(before, after, MPP)[230:254, 270:300] > 0).mean() > 0.3


def test_the_network_reads_the_maps_that_it_was_fitted_on():
    image = land(64).astype(np.float32)
    maps = feature_maps(image, image, *normalised_greys(image, image), np.ones((64, 64), np.bool_))
    names = [feature.name for feature in maps]
    assert tuple(names) == network().maps


@pytest.mark.parametrize(("low", "high"), [(0, 511), (100, 400), (300, 900), (200, 2000)])
def test_a_house_in_values_of_few_bits_is_found_also_where_it_got_darker(low, high):
    def taken(image, seed, light=1.0):
        grain = np.random.default_rng(seed).normal(0, 2, image.shape)
        values = light * (low + (image + grain) * (high - low) / 255)
        return to_pixels(np.clip(values, 0, 65_535).astype(np.uint16)).bgr

    before = land(400, seed=4)
    after = house(before, 100, 100, width=40, height=30)
    first = taken(before, 1)
    for light in (1.0, 0.8):
        assert not detect(first, taken(before, 2, light), MPP).any()
        assert detect(first, taken(after, 3, light), MPP)[100:130, 100:140].mean() > 0.5
