"""The tables of people, underlag, versions, studies and the log."""

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Municipality',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True, verbose_name='adress')),
                ('name', models.CharField(max_length=120, verbose_name='namn')),
                ('code', models.CharField(blank=True, max_length=4, verbose_name='kommunkod')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-postadress')),
                ('name', models.CharField(blank=True, max_length=150, verbose_name='namn')),
                ('language', models.CharField(blank=True, default='', max_length=5, verbose_name='språk')),
                ('session_stamp', models.PositiveIntegerField(default=0)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('administrator', 'administratör'), ('ekonom', 'ekonom'), ('forvaltning', 'förvaltning'), ('chef', 'chef'), ('fortroendevald', 'förtroendevald'), ('lasare', 'läsare')], max_length=20, verbose_name='roll')),
                ('group', models.CharField(blank=True, help_text='Parti eller enhet, fri text.', max_length=80, verbose_name='grupp')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='web.municipality')),
            ],
            options={
                'ordering': ['municipality__name', 'user__email'],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, verbose_name='e-postadress')),
                ('role', models.CharField(choices=[('administrator', 'administratör'), ('ekonom', 'ekonom'), ('forvaltning', 'förvaltning'), ('chef', 'chef'), ('fortroendevald', 'förtroendevald'), ('lasare', 'läsare')], max_length=20, verbose_name='roll')),
                ('group', models.CharField(blank=True, max_length=80, verbose_name='grupp')),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(blank=True, null=True)),
                ('invited_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='invitations_sent', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='web.municipality')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('actor_name', models.CharField(blank=True, max_length=150)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('action', models.CharField(max_length=60)),
                ('object_type', models.CharField(blank=True, max_length=40)),
                ('object_key', models.CharField(blank=True, max_length=300)),
                ('object_label', models.CharField(blank=True, max_length=300)),
                ('before', models.JSONField(null=True)),
                ('after', models.JSONField(null=True)),
                ('note', models.TextField(blank=True)),
                ('actor', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='web.municipality')),
            ],
            options={
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Study',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('name', models.CharField(blank=True, max_length=120)),
                ('kind', models.CharField(default='plan', max_length=20)),
                ('scenario', models.CharField(blank=True, max_length=120)),
                ('settings', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('queued', 'väntar'), ('running', 'räknas'), ('done', 'klar'), ('failed', 'gick inte'), ('cancelled', 'avbruten'), ('kept', 'avbruten, bästa plan hittills')], default='queued', max_length=10)),
                ('progress', models.JSONField(default=dict)),
                ('result', models.BinaryField(null=True)),
                ('certificates', models.BinaryField(null=True)),
                ('created_by_name', models.CharField(blank=True, max_length=150)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('heartbeat', models.DateTimeField(blank=True, null=True)),
                ('worker', models.CharField(blank=True, max_length=80)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('cancel_asked', models.BooleanField(default=False)),
                ('error', models.JSONField(default=list)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='studies', to='web.municipality')),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='Underlag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('revision', models.PositiveIntegerField(default=0)),
                ('changed_at', models.DateTimeField(auto_now=True)),
                ('municipality', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='underlag', to='web.municipality')),
            ],
        ),
        migrations.CreateModel(
            name='Row',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('table', models.CharField(max_length=40)),
                ('position', models.PositiveIntegerField()),
                ('key', models.CharField(max_length=400)),
                ('label', models.CharField(blank=True, max_length=300)),
                ('data', models.JSONField(default=dict)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('underlag', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='web.underlag')),
            ],
            options={
                'ordering': ['table', 'position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=20)),
                ('actor_name', models.CharField(blank=True, max_length=150)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('cells', models.JSONField(default=list)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undoes', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_by', to='web.change')),
                ('underlag', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='web.underlag')),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.CreateModel(
            name='Version',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('name', models.CharField(max_length=120)),
                ('note', models.TextField(blank=True)),
                ('created_by_name', models.CharField(blank=True, max_length=150)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('fingerprint', models.CharField(max_length=64)),
                ('content', models.BinaryField()),
                ('rows', models.JSONField(default=dict)),
                ('faults', models.PositiveIntegerField(default=0)),
                ('locked_at', models.DateTimeField(blank=True, null=True)),
                ('locked_by_name', models.CharField(blank=True, max_length=150)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by_plan', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='web.study')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='web.municipality')),
            ],
            options={
                'ordering': ['-number'],
            },
        ),
        migrations.AddField(
            model_name='study',
            name='version',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='studies', to='web.version'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='web_user_email_folded'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('user', 'municipality'), name='web_membership_once'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(fields=['municipality', 'email'], name='web_invitat_municip_a59b98_idx'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['municipality', '-at', '-id'], name='web_event_time'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['municipality', 'object_type', 'object_key', '-at'], name='web_event_object'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['municipality', 'actor', '-at'], name='web_event_actor'),
        ),
        migrations.AddIndex(
            model_name='row',
            index=models.Index(fields=['underlag', 'table', 'position'], name='web_row_place'),
        ),
        migrations.AddIndex(
            model_name='row',
            index=models.Index(fields=['underlag', 'table', 'key'], name='web_row_key'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.UniqueConstraint(fields=('underlag', 'number'), name='web_change_number'),
        ),
        migrations.AddConstraint(
            model_name='version',
            constraint=models.UniqueConstraint(fields=('municipality', 'number'), name='web_version_number'),
        ),
        migrations.AddIndex(
            model_name='study',
            index=models.Index(fields=['state', 'created_at'], name='web_study_queue'),
        ),
        migrations.AddIndex(
            model_name='study',
            index=models.Index(fields=['municipality', 'state', '-number'], name='web_study_newest'),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.UniqueConstraint(fields=('municipality', 'number'), name='web_study_number'),
        ),
    ]
