package dev.darkroom.notification.stream;

import dev.darkroom.notification.NotificationStore.StreamState;
import dev.darkroom.notification.NotifyUserKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Streams of the users with a subscriber in this process. Confined to the context of the hub. */
final class UserStreamRegistry {
    private final Map<String, UserStream> streams = new HashMap<>();
    private final Map<String, List<UserStream>> streamsByNotifyKey = new HashMap<>();
    private long changeCount;

    /** Returns null if the user has no subscriber in this process. */
    UserStream find(String user) {
        return streams.get(user);
    }

    /** Returns the streams of the users with this {@link NotifyUserKey}; all streams if {@code notifyKey} is null. */
    List<UserStream> findByNotifyKey(String notifyKey) {
        return notifyKey == null
                ? List.copyOf(streams.values())
                : streamsByNotifyKey.getOrDefault(notifyKey, List.of());
    }

    /** Returns the stream of a user, updated to {@code streamState}. Creates it if missing. */
    UserStream findOrCreate(String user, StreamState streamState) {
        UserStream userStream = streams.computeIfAbsent(user, missing -> {
            UserStream created = new UserStream(user);
            streamsByNotifyKey
                    .computeIfAbsent(NotifyUserKey.of(user), key -> new ArrayList<>(1))
                    .add(created);
            return created;
        });
        userStream.update(streamState.epoch(), streamState.lastSeq());
        return userStream;
    }

    /** Removes a subscriber, and its stream if it was the last one. Does nothing if it is not subscribed. */
    void removeSubscriber(UserStream userStream, StreamSubscriber subscriber) {
        if (!userStream.subscribers().remove(subscriber)
                || !userStream.subscribers().isEmpty()) {
            return;
        }
        streams.remove(userStream.user());
        streamsByNotifyKey.computeIfPresent(NotifyUserKey.of(userStream.user()), (key, sameKey) -> {
            sameKey.remove(userStream);
            return sameKey.isEmpty() ? null : sameKey;
        });
    }

    /** Returns the users with a subscriber in this process. */
    List<String> users() {
        return List.copyOf(streams.keySet());
    }

    /** Counts an announcement of new notifications, for any user. */
    void countChange() {
        changeCount++;
    }

    /** Returns the number of announcements so far; an unchanged number means that no announcement arrived in between. */
    long changeCount() {
        return changeCount;
    }
}
