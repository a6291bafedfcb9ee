-- The other half of the circle between stories and dispatches.
ALTER TABLE stories
    ADD CONSTRAINT stories_implementer_dispatch_id_fkey
        FOREIGN KEY (implementer_dispatch_id) REFERENCES dispatches(id),
    ADD CONSTRAINT stories_verifier_dispatch_id_fkey
        FOREIGN KEY (verifier_dispatch_id) REFERENCES dispatches(id);
