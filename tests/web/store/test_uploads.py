"""One-time uploads in the store."""

from dataclasses import replace

from web.store import uploads
from web.store.store import Store
from web.store.uploads import Upload

UPLOAD = Upload(media_id="med_a", key_id="1", token_hash="ab" * 32, expires_s=100.0, region="default")


async def test_an_address_takes_one_upload(store: Store) -> None:
    async with store.writing() as tx:
        await uploads.add(tx, UPLOAD)
        assert await uploads.find(tx, "med_a") == UPLOAD
        assert await uploads.claim(tx, "cd" * 32, now_s=10.0) is None
        assert await uploads.claim(tx, UPLOAD.token_hash, now_s=10.0) == replace(UPLOAD, used_s=10.0)
        assert await uploads.claim(tx, UPLOAD.token_hash, now_s=11.0) is None
        assert await uploads.arrived(tx, "med_a", path="/data/med_a")
        assert await uploads.find(tx, "med_a") == replace(UPLOAD, used_s=10.0, path="/data/med_a")


async def test_an_upload_that_broke_off_may_come_again_and_a_whole_one_may_not(store: Store) -> None:
    async with store.writing() as tx:
        await uploads.add(tx, UPLOAD)
        await uploads.claim(tx, UPLOAD.token_hash, now_s=10.0)
        await uploads.unclaim(tx, "med_a")
        assert await uploads.claim(tx, UPLOAD.token_hash, now_s=11.0) is not None
        await uploads.arrived(tx, "med_a", path="/data/med_a")
        await uploads.unclaim(tx, "med_a")
        assert await uploads.claim(tx, UPLOAD.token_hash, now_s=12.0) is None


async def test_an_address_expires_and_goes(store: Store) -> None:
    later = replace(UPLOAD, media_id="med_b", key_id=None, token_hash="cd" * 32, expires_s=200.0)
    async with store.writing() as tx:
        for upload in (later, UPLOAD):
            await uploads.add(tx, upload)
        assert await uploads.claim(tx, UPLOAD.token_hash, now_s=100.0) is None
        assert await uploads.expired(tx, now_s=100.0) == (UPLOAD,)
        assert await uploads.expired(tx, now_s=300.0) == (UPLOAD, later)
        await uploads.remove(tx, "med_a")
        assert await uploads.find(tx, "med_a") is None
        assert not await uploads.arrived(tx, "med_a", path="/data/med_a")
        assert await uploads.find(tx, "med_b") == later
