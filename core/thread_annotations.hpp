// Says to clang which mutex guards what; -Wthread-safety then checks it. Nothing for other
// compilers.
#pragma once

#if defined(__clang__)
#define SKERRY_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SKERRY_THREAD_ATTRIBUTE(x)
#endif

#define SKERRY_CAPABILITY(name) SKERRY_THREAD_ATTRIBUTE(capability(name))
#define SKERRY_SCOPED_CAPABILITY SKERRY_THREAD_ATTRIBUTE(scoped_lockable)
#define SKERRY_GUARDED_BY(mutex) SKERRY_THREAD_ATTRIBUTE(guarded_by(mutex))
#define SKERRY_REQUIRES(...) SKERRY_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define SKERRY_EXCLUDES(...) SKERRY_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define SKERRY_ACQUIRE(...) SKERRY_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define SKERRY_RELEASE(...) SKERRY_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define SKERRY_NO_THREAD_SAFETY_ANALYSIS SKERRY_THREAD_ATTRIBUTE(no_thread_safety_analysis)
